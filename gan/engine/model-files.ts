/** A tfjs layers model as files: model.json and its weights. */
import { createRequire } from 'node:module';
import type { LayersModel, io } from '@tensorflow/tfjs';

/**
 * By the file handler of tfjs-node, which needs nothing of its native part.
 *
 * @param folder must be there @throws Error when it cannot be written to
 */
export async function saveModel(model: LayersModel, folder: string): Promise<void> {
  const { NodeFileSystem } = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/io/file_system.js') as {
    NodeFileSystem: new (path: string) => io.IOHandler;
  };
  // Not by a URL: file://C:\\runs is none.
  await model.save(new NodeFileSystem(folder));
}

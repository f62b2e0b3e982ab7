/** An exported model as a classic script: what a page that was opened by double click can load, as it may not fetch. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../common/errors.js';
import type { StoredModel } from './about.js';

/** A browser has to hold a third more than these as text, beside them. */
const MOST_BYTES = 256 << 20;

/** The parts of tfjs's model.json that make a model. */
interface ModelJson {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: object[] }[];
}

/**
 * @param file model.json of a layers model, its weights beside it
 * @throws UsageError when the weights are too many for a page
 */
export function modelScript(name: string, file: string): string {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(file, 'utf8')) as ModelJson;
  const paths = weightsManifest.flatMap((group) => group.paths.map((path) => join(dirname(file), path)));
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  if (bytes > MOST_BYTES) {
    throw new UsageError(
      `${name} has ${Math.round(bytes / 1e6)} MB of weights, too many for a page (${Math.floor(MOST_BYTES / 1e6)} MB at most): serve ${file} and load it with tf.loadLayersModel`,
    );
  }
  const model: StoredModel = {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weights: Buffer.concat(paths.map((path) => readFileSync(path))).toString('base64'),
  };
  return `(globalThis.duetModels ??= {})[${JSON.stringify(name)}] = ${JSON.stringify(model)};\n`;
}

/** The native engine for tests: one thread, prepared as a user's first start would. */
import { type Engine, loadEngine } from '../../gan/engine/index.js';
import { prepareEngine } from '../../gan/engine/prepare/index.js';

export async function testEngine(threads = 1): Promise<Engine> {
  const prepared = await prepareEngine({ flavour: 'cpu', env: process.env });
  return loadEngine({ prepared, threads, device: 'cpu' });
}

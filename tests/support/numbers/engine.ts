/** Engines for tests: a process has one of them. */
import { type Engine, loadEngine } from '../../../gan/engine/index.js';
import { prepareEngine } from '../../../gan/engine/prepare/index.js';

/** The native one: one thread, prepared as a user's first start would. */
export async function testEngine(threads = 1): Promise<Engine> {
  const prepared = await prepareEngine({ flavour: 'cpu', env: process.env });
  return await loadEngine({ name: 'tensorflow', prepared, threads, device: 'cpu' });
}

export async function wasmEngine(): Promise<Engine> {
  return await loadEngine({ name: 'wasm' });
}

/** Loads an engine into this process: one, once. */
import { EngineError } from '../../common/errors.js';
import type { Engine } from './engine.js';
import { type NativeOptions, loadTensorflow } from './tensorflow/load.js';
import { loadWasm } from './wasm/load.js';

export type LoadOptions = ({ name: 'tensorflow' } & NativeOptions) | { name: 'wasm' };

let loaded: Engine | undefined;

/**
 * @throws EngineError when it does not load, or when this process has loaded another one, or with other settings
 * @throws UsageError when a card was demanded and TensorFlow sees none
 */
export async function loadEngine(options: LoadOptions): Promise<Engine> {
  if (loaded !== undefined) {
    const [has, wanted] = [settingsOf(loaded.description), settingsOf({ threads: 1, device: 'cpu', ...options })];
    if (has === wanted) return loaded;
    throw new EngineError(`this process has loaded the engine ${has}, and cannot load ${wanted} beside it`);
  }
  loaded = options.name === 'wasm' ? await loadWasm() : loadTensorflow(options);
  return loaded;
}

/** tensorflow with 2 threads on cpu */
function settingsOf({ name, threads, device }: Pick<Engine['description'], 'name' | 'threads' | 'device'>): string {
  return `${name} with ${threads} ${threads === 1 ? 'thread' : 'threads'} on ${device}`;
}

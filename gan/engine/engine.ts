/** What an engine is, whichever it is: tfjs on one of its backends, with the operations that our networks are made of. */
import type { Operations } from './operations.js';

export type Tfjs = typeof import('@tensorflow/tfjs');

export interface EngineDescription {
  name: 'tensorflow' | 'wasm';
  version: string;
  device: 'cuda' | 'cpu';
  /** Threads that one op may use. */
  threads: number;
}

export interface Engine {
  tf: Tfjs;
  operations: Operations;
  description: EngineDescription;
}

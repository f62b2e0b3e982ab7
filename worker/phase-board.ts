/**
 * What the compute thread is doing and since when, in shared memory: the network thread tells it with every heartbeat,
 * also while the compute thread is inside a long op and could not answer.
 */
import { phaseEntered } from '../common/observation.js';

export const PHASES = [
  'starting',
  'loading the engine',
  'opening the data',
  'standing by',
  'going back',
  'between-steps',
  'forward',
  'wait-gradients',
  'backward',
  'real-half',
  'wait-activations',
  'update',
  'judge',
  'signals',
  'finished',
] as const;
export type PhaseName = (typeof PHASES)[number];
/** What a worker does before it can take part. */
export const LOADING: readonly PhaseName[] = ['starting', 'loading the engine', 'opening the data'];

/** Bytes of shared memory that a board needs. */
export const BOARD_BYTES = 16;

export class PhaseBoard {
  readonly #index: Int32Array;
  readonly #since: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#since = new Float64Array(memory, 0, 1);
    this.#index = new Int32Array(memory, 8, 1);
  }

  enter(phase: PhaseName): void {
    this.#index[0] = PHASES.indexOf(phase);
    this.#since[0] = now();
    if (phaseEntered.heard) phaseEntered.tell({ phase });
  }

  read(): { phase: PhaseName; milliseconds: number } {
    return {
      phase: PHASES[this.#index[0] ?? 0] ?? 'starting',
      milliseconds: Math.max(0, now() - (this.#since[0] ?? 0)),
    };
  }
}

/** A clock that the threads of a process share. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

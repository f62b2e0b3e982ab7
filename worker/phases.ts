/** Where a role's time goes within a step: phases that follow each other. */
import type { Phase } from '../proto/generated/duet/v1/Phase.js';
import type { ComputeFaults } from './faults/compute-faults.js';
import type { PhaseBoard, PhaseName } from './phase-board.js';

export class Phases {
  readonly #board: PhaseBoard;
  readonly #faults: Pick<ComputeFaults, 'pace'>;
  readonly #done: Phase[] = [];
  #name: PhaseName | undefined;
  #since = 0;

  constructor(board: PhaseBoard, faults: Pick<ComputeFaults, 'pace'>) {
    this.#board = board;
    this.#faults = faults;
  }

  /** A step begins: what was left of one that was called off goes. */
  begin(name: PhaseName): void {
    this.#done.length = 0;
    this.#name = undefined;
    this.enter(name);
  }

  /** Ends the phase before and begins this one. wait-…: for another role; all others are this role's own work. */
  enter(name: PhaseName): void {
    this.#end();
    this.#name = name;
    this.#board.enter(name);
  }

  /** Ends the phase for now: the step was begun ahead, and `enter` goes on with it. */
  pause(): void {
    this.#end();
    this.#name = undefined;
    this.#board.enter('between-steps');
  }

  /** Ends the last phase. @returns all phases since the step began, in order */
  finish(): Phase[] {
    this.pause();
    return this.#done.splice(0);
  }

  #end(): void {
    // A worker that was made slow on purpose is slow in its own work.
    if (this.#name !== undefined && !this.#name.startsWith('wait-')) this.#faults.pace();
    const now = performance.now();
    if (this.#name !== undefined) this.#done.push({ name: this.#name, milliseconds: now - this.#since });
    this.#since = now;
  }
}

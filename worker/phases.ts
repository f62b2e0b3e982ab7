/** Where a role's time goes within a step: phases that follow each other. */
import type { Phase } from '../proto/generated/duet/v1/Phase.js';

/** wait-…: for another role. All others are this role's own work. */
export type PhaseName =
  'forward' | 'wait-gradients' | 'backward' | 'real-half' | 'wait-activations' | 'update' | 'judge';

export class Phases {
  readonly #done: Phase[] = [];
  #name: PhaseName | undefined;
  #since = 0;

  /** Ends the phase before and begins this one. */
  enter(name: PhaseName): void {
    this.#end();
    this.#name = name;
  }

  /** Ends the last phase. @returns all phases since the call before, in order */
  finish(): Phase[] {
    this.#end();
    this.#name = undefined;
    return this.#done.splice(0);
  }

  #end(): void {
    const now = performance.now();
    if (this.#name !== undefined) this.#done.push({ name: this.#name, milliseconds: now - this.#since });
    this.#since = now;
  }
}

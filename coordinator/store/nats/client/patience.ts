/** Doing a thing again until the store could. */
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, usageError } from './failures.js';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

export class Patience {
  readonly #name: string;
  readonly #waiting: (text: string) => void;
  #limitMs: number;
  #signal: AbortSignal | undefined;
  #told = false;
  /** Of each thing that is being done again: why. */
  readonly #reasons = new Map<object, string>();

  /**
   * @param limitMs after which a thing that the store could not do is an error
   * @param waiting told once, when something did not succeed at once
   */
  constructor(name: string, limitMs: number, waiting: (text: string) => void) {
    this.#name = name;
    this.#limitMs = limitMs;
    this.#waiting = waiting;
  }

  /** Why it gets on with something not; empty: it does with all. */
  get reason(): string {
    const [first] = this.#reasons.values();
    return first === undefined ? '' : `${this.#name}: ${first}`;
  }

  /** From now on it waits without end, also for what somebody must mend, until `signal` aborts. */
  withoutEnd(signal: AbortSignal): void {
    this.#limitMs = Infinity;
    this.#signal = signal;
  }

  /**
   * @param work safe to be done again when nobody knows whether it was done
   * @throws UsageError at the limit, or when it needs mending and the run has not begun; the signal's reason; any error that no waiting helps
   */
  async until<T>(work: () => Promise<T>): Promise<T> {
    const me = {};
    const since = performance.now();
    try {
      for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
        this.#signal?.throwIfAborted();
        try {
          return await work();
        } catch (error) {
          const { outlook, text } = failureOf(error);
          const waited = performance.now() - since;
          if (outlook === 'never') throw error;
          if (this.#limitMs !== Infinity && (outlook === 'mended' || waited > this.#limitMs))
            throw usageError(this.#name, error);
          this.#reasons.set(me, text);
          if (!this.#told && this.#limitMs !== Infinity) {
            this.#told = true;
            this.#waiting(`waiting for the store ${this.#name} (at most ${this.#limitMs / 1000} s): ${text}`);
          }
          await sleep(waitMs, undefined, { ...(this.#signal && { signal: this.#signal }) }).catch(() => {});
        }
      }
    } finally {
      this.#reasons.delete(me);
    }
  }
}

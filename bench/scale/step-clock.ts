/** When a step's last vote left, and when its commit had come to everyone. */

export interface StepTimes {
  step: number;
  /** performance.now() */
  lastVote: number;
  lastCommit: number;
  /** Of the one who computed longest, milliseconds. */
  computeMs: number;
}

export class StepClock {
  readonly #workers: number;
  readonly #open = new Map<number, StepTimes & { commits: number }>();
  readonly #done: StepTimes[] = [];
  readonly #whole: (step: number) => void;

  /** @param whole called when everyone has a step's commit */
  constructor(workers: number, whole: (step: number) => void) {
    this.#workers = workers;
    this.#whole = whole;
  }

  voting(step: number, computeMs: number): void {
    const times = this.#open.get(step) ?? { step, lastVote: 0, lastCommit: 0, computeMs: 0, commits: 0 };
    times.lastVote = performance.now();
    times.computeMs = Math.max(times.computeMs, computeMs);
    this.#open.set(step, times);
  }

  committed(step: number): void {
    const times = this.#open.get(step);
    if (times === undefined) return;
    times.commits += 1;
    if (times.commits < this.#workers) return;
    times.lastCommit = performance.now();
    this.#open.delete(step);
    this.#done.push(times);
    this.#whole(step);
  }

  /** Steps that everyone has the commit of, in their order. */
  between(first: number, last: number): StepTimes[] {
    return this.#done.filter(({ step }) => step >= first && step <= last);
  }
}

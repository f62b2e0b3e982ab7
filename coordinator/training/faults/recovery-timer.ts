/** Where the time of a recovery goes, from the last sign of life to the step that was in progress, committed again. Pure. */

export interface RecoveryTimes {
  /** From the last that was heard until the fault was known. */
  detectMs: number;
  /** Until every lost role had a worker again. */
  replaceMs: number;
  /** Until every role had its state of the restored step. */
  restoreMs: number;
  /** Until the newest step of before was committed again. */
  replayMs: number;
  /** The sum of all: nothing is counted twice or left out. */
  totalMs: number;
  /** 1, and more when others came during the recovery. */
  faults: number;
}

/** What is being done; of a recovery that is over or has not begun: undefined. */
type Stage = 'replace' | 'restore' | 'replay';
type Spent = Record<'detect' | Stage, number>;

/** Times are milliseconds of one clock. */
export class RecoveryTimer {
  #stage: Stage | undefined;
  /** Until here all time is accounted for. */
  #mark = 0;
  #spent: Spent = nothing();
  #faults = 0;

  get running(): boolean {
    return this.#stage !== undefined;
  }

  /**
   * A fault is known. During a recovery it sends that back to replacing: what had been done until the second fault showed
   * stays where it was counted, and the silence since then is detection.
   * @param lastHeardAt from the lost role; `now` for a fault that was reported
   */
  begin({ lastHeardAt, now }: { lastHeardAt: number; now: number }): void {
    if (this.#stage === undefined) {
      this.#spent = nothing();
      this.#faults = 0;
      this.#mark = Math.min(lastHeardAt, now);
    } else {
      // A silence that began before this stage did was no part of it: only what is left to count is detection.
      this.#count(this.#stage, Math.min(lastHeardAt, now));
    }
    this.#count('detect', now);
    this.#faults += 1;
    this.#stage = 'replace';
  }

  /** Every lost role has a worker again. */
  placed(now: number): void {
    if (this.#stage !== 'replace') return;
    this.#count('replace', now);
    this.#stage = 'restore';
  }

  /** Every role is ready. */
  ready(now: number): void {
    this.placed(now);
    if (this.#stage !== 'restore') return;
    this.#count('restore', now);
    this.#stage = 'replay';
  }

  /** The step that the fault called off is committed. @returns undefined when no recovery had come to its replay */
  caughtUp(now: number): RecoveryTimes | undefined {
    if (this.#stage !== 'replay') return undefined;
    this.#count('replay', now);
    this.#stage = undefined;
    const { detect, replace, restore, replay } = this.#spent;
    return {
      detectMs: detect,
      replaceMs: replace,
      restoreMs: restore,
      replayMs: replay,
      totalMs: detect + replace + restore + replay,
      faults: this.#faults,
    };
  }

  /** The run goes somewhere else, or ends: there is nothing to catch up with. */
  abandon(): void {
    this.#stage = undefined;
  }

  /** Counts the time from the mark until then; what lies before the mark is counted already. */
  #count(stage: keyof Spent, until: number): void {
    if (until <= this.#mark) return;
    this.#spent[stage] += until - this.#mark;
    this.#mark = until;
  }
}

function nothing(): Spent {
  return { detect: 0, replace: 0, restore: 0, replay: 0 };
}

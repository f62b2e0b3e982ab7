/**
 * The end of a run is to be seen: before its process ends, a Prometheus that scrapes it gets to read the last state. A run that
 * vanished while it trained would look like one whose coordinator was killed.
 */

/** Of a first scrape nobody knows when the next one comes, and of two servers that take turns the gap is less than theirs. */
const LEAST_INTERVAL_MS = 5000;
/** A scrape may come late by this share of its interval. */
const LATE = 0.5;

/**
 * How long the next scrape is worth waiting for; 0: nobody scrapes, or no longer. Pure.
 *
 * @param scrapes when there were some, oldest first, milliseconds
 */
export function patienceMs(scrapes: readonly number[], now: number, mostMs: number): number {
  const last = scrapes.at(-1);
  if (last === undefined) return 0;
  const before = scrapes.at(-2);
  const interval = Math.max(LEAST_INTERVAL_MS, before === undefined ? 0 : last - before);
  return Math.max(0, Math.min(mostMs, last + interval * (1 + LATE) - now));
}

export class LastScrape {
  #scrapes: number[] = [];
  #awaited: { since: number; come: () => void } | undefined;

  /** A scrape has been answered. @param began when it was asked: performance.now() */
  answered(began: number): void {
    this.#scrapes = [...this.#scrapes.slice(-1), began];
    // One that was asked before has the state of before.
    if (this.#awaited !== undefined && began >= this.#awaited.since) this.#awaited.come();
  }

  /** Until one more has been answered, or is not to be expected any more. */
  async next(mostMs: number): Promise<void> {
    const since = performance.now();
    const patience = patienceMs(this.#scrapes, since, mostMs);
    if (patience === 0) return;
    await new Promise<void>((come) => {
      const timer = setTimeout(come, patience);
      this.#awaited = {
        since,
        come: () => {
          clearTimeout(timer);
          come();
        },
      };
    });
  }
}

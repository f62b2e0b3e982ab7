/** The run store while the run trains: that it falls behind is told, and too far behind the training waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreLag } from '../store/run-store.js';
import type { Run, Spectator } from './run.js';

const LOOK_MS = 500;
/** A store that is this far behind is more than busy. */
const BEHIND_SECONDS = 10;

export class StoreWatch implements Disposable {
  readonly #run: Run;
  readonly #waiting: Spectator['waiting'];
  readonly #timer: NodeJS.Timeout;
  /** When it was seen to be behind: performance.now(); undefined: it is not. */
  #behindSince: number | undefined;
  /** Since then. */
  #pausedMs = 0;
  /** What the training waits for; empty: nothing. */
  paused = '';

  constructor(run: Run, waiting: Spectator['waiting']) {
    this.#run = run;
    this.#waiting = waiting;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Between two steps. Resolves at once unless the store lacks more than `storeLag` seconds of the run; then when it does no more, or at a stop. */
  async room(epoch: number, stop: AbortSignal): Promise<void> {
    const { settings, lag } = this.#run;
    if (lag().seconds <= settings.storeLag || stop.aborted) return;
    const since = performance.now();
    this.paused = this.#why(lag());
    this.#waiting(this.paused, epoch);
    // All of it: one that is just back would be too far behind again with the next change.
    while (lag().writes > 0 && !stop.aborted) await sleep(LOOK_MS);
    this.#pausedMs += performance.now() - since;
    this.paused = '';
    this.#waiting('', epoch);
  }

  #why({ seconds, reason }: StoreLag): string {
    const { store, storeLag } = this.#run.settings;
    const why = reason === '' ? 'it is slower than the training' : reason;
    return `the training waits for the store ${store}, which is ${Math.round(seconds)} s behind (--store-lag ${storeLag}): ${why}`;
  }

  #look(): void {
    const { journal, lag } = this.#run;
    const { seconds, writes, reason } = lag();
    const now = performance.now();
    if (this.#behindSince === undefined && seconds > BEHIND_SECONDS) {
      this.#behindSince = now - seconds * 1000;
      journal.event({ event: 'store-behind', seconds: Math.round(seconds), writes, reason: reason || 'it is slow' });
    } else if (this.#behindSince !== undefined && seconds < 1 && this.paused === '') {
      const milliseconds = Math.round(now - this.#behindSince);
      this.#behindSince = undefined;
      journal.event({ event: 'store-caught-up', milliseconds, pausedMs: Math.round(this.#pausedMs) });
      this.#pausedMs = 0;
    }
  }
}

/** A run while this coordinator drives it: its training, what run.json and events.jsonl say of it, and what is served of it. */
import { messageOf } from '../../../common/errors.js';
import { Refusals } from '../../../common/trust/refusals.js';
import type { Trust } from '../../../common/trust/trust.js';
import type { Placement } from '../../placement/placement.js';
import { type RunStatus, writeStatus } from '../../run/status.js';
import type { Run } from '../../training/run.js';
import { type Outcome, train } from '../../training/train.js';
import { giveUp } from './give-up.js';
import { spectator } from './progress.js';
import { type RunWeb, openRunWeb } from './run-web.js';
import type { RunLog } from './run-log.js';

export class RunSession implements AsyncDisposable {
  readonly #run: Run;
  readonly #log: RunLog;
  readonly #say: (line: string) => void;
  readonly #trust: Trust | undefined;
  readonly #refusals = new Refusals();
  #status: RunStatus;
  #web: RunWeb | undefined;

  constructor(run: Run, log: RunLog, say: (line: string) => void, trust: Trust | undefined) {
    this.#trust = trust;
    this.#run = run;
    this.#log = log;
    log.at(run.step);
    this.#say = say;
    this.#status = { id: run.directory.id, state: 'starting', pid: process.pid, address: '', step: run.step };
  }

  /** @param stop aborted when the user wants a clean stop @param handsOver as in `train` @throws as `train` does */
  async train(placement: Placement, stop: AbortSignal, handsOver: boolean): Promise<Outcome> {
    const { directory, journal, training } = this.#run;
    const log = this.#log;
    using watcher = spectator(training.steps, process.stdout);
    try {
      await using _placement = placement;
      const web = await openRunWeb(this.#run, stop);
      this.#web = web;
      const outcome = await train({
        run: this.#run,
        placement,
        trust: this.#trust,
        refused: (peer, reason) => {
          const line = this.#refusals.line(peer, reason);
          if (line === undefined) return;
          log.trust('warn', 'connection-refused', line);
          watcher.say(line);
        },
        stop,
        handsOver,
        spectator: {
          ...watcher,
          began: (step) => {
            this.#become({ state: 'running' });
            watcher.began(step);
          },
          committed: (metrics) => {
            this.#status = { ...this.#status, step: metrics.step };
            web.committed(metrics);
            log.committed(metrics);
            watcher.committed(metrics);
          },
          waiting: (reason, epoch) => {
            log.waiting(reason, epoch);
            watcher.waiting(reason, epoch);
          },
          wentBack: (step) => {
            log.at(step);
            watcher.wentBack(step);
          },
        },
        listening: (address, live) => {
          web.listening(live);
          this.#listening(address, web);
        },
      }).catch((error: unknown) => {
        // While it can be seen; of a start that came to nothing there is nothing to see.
        if (!this.#neverBegan()) this.#concludeFailure(error);
        throw error;
      });
      if (this.#neverBegan()) {
        directory.discard();
        return outcome;
      }
      const { ended, step, reason } = outcome;
      const state = ended === 'finished' ? 'finished' : 'stopped';
      journal.event({ event: `run-${state}`, step, reason });
      this.#become({ state, step, ...(state === 'stopped' ? { reason } : {}) });
      return outcome;
    } catch (error) {
      if (this.#status.state !== 'failed') this.#concludeFailure(error);
      throw error;
    }
  }

  /** Of a run that is over already: what is served of it. */
  async show(stop: AbortSignal): Promise<void> {
    this.#web = await openRunWeb(this.#run, stop);
    const { page, metrics } = this.#web;
    this.#web.over();
    // It may have been killed between its last checkpoint and its last word.
    this.#become({ state: 'finished' });
    this.#say(`live page      ${page}`);
    this.#say(`metrics        ${metrics}`);
  }

  /** What is served of the run is served no more, once its last state has been seen where somebody scrapes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#web?.[Symbol.asyncDispose]();
  }

  /** Nothing is waited for any more. */
  abandon(): void {
    this.#web = undefined;
  }

  /**
   * Instead of waiting for the training any longer.
   *
   * @returns the step of the newest whole checkpoint, if there is one
   */
  giveUp(reason: string): number | undefined {
    this.abandon();
    return giveUp(this.#run, this.#neverBegan() ? undefined : this.#status, reason);
  }

  #become(change: Partial<RunStatus>): void {
    this.#status = { ...this.#status, ...change };
    writeStatus(this.#run.directory, this.#status);
  }

  #listening(address: string, { page, metrics }: RunWeb): void {
    const { directory, journal, training, settings, step } = this.#run;
    const workers = training.generators + 1;
    this.#become({ address, page, metrics });
    journal.event(
      step === 0 ? { event: 'run-started', workers, address } : { event: 'run-resumed', step, workers, address },
    );
    this.#say(
      `${training.system} on ${training.data}: ${training.generators} generators, ${workers} workers, seed ${training.seed}`,
    );
    this.#say(`run directory  ${directory.path}`);
    if (settings.store !== 'file') this.#say(`store          ${settings.store} (the directory is a working copy)`);
    this.#say(`coordinator    ${address} (gRPC)`);
    this.#say(`live page      ${page}`);
    this.#say(`metrics        ${metrics}`);
    if (step > 0) this.#say(`resumed        from step ${step}`);
  }

  /** A start that came to nothing leaves nothing; a run that has trained keeps all it has. */
  #neverBegan(): boolean {
    return this.#status.state === 'starting' && !this.#run.resumed;
  }

  #concludeFailure(error: unknown): void {
    const { directory, journal } = this.#run;
    if (this.#neverBegan()) return directory.discard();
    try {
      journal.event({ event: 'run-failed', step: this.#status.step, reason: messageOf(error) });
      this.#become({ state: 'failed' });
    } catch {
      // A full disk may be the very reason; the first error is the one to tell.
    }
  }
}

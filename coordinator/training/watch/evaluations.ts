/** The evaluations of a run: which are due, which are on their way, which was the best. Training does not wait for them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../../../common/errors.js';
import type { TrainingConfig } from '../../../gan/config.js';
import { DEFAULT_IMAGE_SIZE } from '../../../gan/data/dataset.js';
import { isMixture } from '../../../gan/data/mixtures.js';
import { EVALUATED_DATA } from '../../../gan/metrics/evaluation.js';
import { Evaluator } from '../../evaluator/evaluator.js';
import { listCheckpoints } from '../../run/checkpoints/checkpoints.js';
import { type Best, type Measured, type Quality, bestOf, rated, writeBest } from '../../run/journal/quality.js';
import type { Run, Spectator } from '../run.js';

/** Evaluations that may be on their way; each keeps its checkpoint on the disk. */
const MOST_PENDING = 8;

export class Evaluations implements Disposable {
  readonly #run: Run;
  readonly #spectator: Spectator;
  readonly #took: (quality: Quality) => void;
  readonly #evaluator: Evaluator;
  /** Steps whose evaluation is due and not in, oldest first. */
  #pending: number[] = [];
  /** Steps of this path whose evaluation is due or in. */
  #known: Set<number>;
  /** Those of them whose checkpoints were there. */
  readonly #written = new Set<number>();
  #best: Best | undefined;
  #available: boolean;
  /** Raised by a rollback: what was asked before it is of a path that is left. */
  #path = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param took called with every evaluation, in the order of their steps */
  constructor(run: Run, spectator: Spectator, took: (quality: Quality) => void) {
    this.#run = run;
    this.#spectator = spectator;
    this.#took = took;
    this.#evaluator = new Evaluator(run.directory, {
      say: (line) => spectator.say(line),
      started: (pid) => run.journal.event({ event: 'evaluator-started', pid }),
    });
    this.#best = bestOf(run.journal.readQuality());
    this.#known = new Set(run.journal.readQuality().map(({ step }) => step));
    this.#available = run.settings.evaluateEvery > 0;
  }

  [Symbol.dispose](): void {
    this.#path += 1;
    this.#evaluator[Symbol.dispose]();
  }

  /** False: there will be none, or no more. */
  get available(): boolean {
    return this.#available;
  }

  get best(): Best | undefined {
    return this.#best;
  }

  /** Steps whose checkpoints must stay. */
  get needed(): number[] {
    return this.#best === undefined ? this.#pending : [...this.#pending, this.#best.step];
  }

  /** Asks again for what a run that was interrupted at this step had not been told; says so when there will be none. */
  begin(step: number): void {
    const why = this.#available ? whyNone(this.#run.training) : undefined;
    if (why !== undefined) this.#finish(why);
    const newest = this.#run.journal.readQuality().at(-1)?.step ?? 0;
    const lost = listCheckpoints(this.#run.directory).filter(
      (each) => each > newest && each <= step && this.#isRegular(each),
    );
    for (const each of lost) {
      this.#pending.push(each);
      this.#known.add(each);
      this.written(each);
    }
  }

  /** Whether the checkpoint of this step is to be evaluated. From then on `written` must come, or `recovered`. */
  due(step: number): boolean {
    const { training, settings } = this.#run;
    // A step that is replayed gives the same checkpoint again.
    if (this.#known.has(step)) return false;
    // A run too short for one has no use for it: there is nothing to compare it with.
    const extra = this.#available && step === training.steps && step > settings.evaluateEvery;
    if (!this.#isRegular(step) && !extra) return false;
    this.#pending.push(step);
    this.#known.add(step);
    return true;
  }

  /** A fault sent the run back to this step: checkpoints that were not written by then are to come again. */
  recovered(step: number): void {
    for (const each of this.#pending) if (each > step && !this.#written.has(each)) this.#known.delete(each);
    this.#pending = this.#pending.filter((each) => this.#known.has(each));
  }

  /**
   * Waits until another evaluation can be on its way. Where nothing depends on its figures it is left out instead.
   * @returns whether the one of this step may be due
   */
  async room(step: number, stop: AbortSignal): Promise<boolean> {
    const { settings, journal } = this.#run;
    if (!this.#isRegular(step) || this.#pending.length < MOST_PENDING) return true;
    if (settings.onCollapse !== 'ignore') {
      await this.#until(() => this.#pending.length < MOST_PENDING, stop);
      return true;
    }
    const reason = `${MOST_PENDING} evaluations are on their way already: a larger --evaluate-every asks for fewer`;
    journal.event({ event: 'evaluation-skipped', step, reason });
    return false;
  }

  /** A checkpoint exists. */
  written(step: number): void {
    if (!this.#pending.includes(step)) return;
    this.#written.add(step);
    const path = this.#path;
    this.#last = this.#last.then(() => this.#measure(step, path));
  }

  /** Waits until all are in, or the user has had enough. */
  async settle(stop: AbortSignal): Promise<void> {
    if (this.#pending.length === 0) return;
    this.#spectator.say(
      this.#pending.length === 1
        ? `evaluating the checkpoint of step ${this.#pending[0]}`
        : `evaluating ${this.#pending.length} checkpoints`,
    );
    await this.#until(() => this.#pending.length === 0, stop);
  }

  /** What is decided is decided: whatever is still on its way no longer counts. */
  leavePath(): void {
    this.#path += 1;
    this.#pending = [];
  }

  /** After `leavePath`: until nobody reads the checkpoints. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** The run went back, and its journals with it. */
  rewound(): void {
    const kept = this.#run.journal.readQuality();
    this.#known = new Set(kept.map(({ step }) => step));
    this.#written.clear();
    this.#best = bestOf(kept);
    writeBest(this.#run.directory, this.#best);
  }

  async #until(reached: () => boolean, stop: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
    while (!reached() && !stop.aborted) {
      await Promise.race([this.#last, stopped]);
      // A checkpoint that is not written yet is in no evaluation's way: let it come.
      await nextTurn();
    }
  }

  #isRegular(step: number): boolean {
    return this.#available && step % this.#run.settings.evaluateEvery === 0;
  }

  async #measure(step: number, path: number): Promise<void> {
    if (path !== this.#path || !this.#available) return;
    let measured: Measured;
    try {
      measured = await this.#evaluator.measure(step);
    } catch (error) {
      if (path === this.#path) this.#finish(messageOf(error));
      return;
    }
    if (path !== this.#path) return;
    const quality: Quality = {
      ...rated(step, measured, this.#best),
      ...(this.#isRegular(step) ? {} : { extra: true as const }),
    };
    this.#best = { step: quality.bestStep, kid: quality.best };
    this.#pending = this.#pending.filter((each) => each !== step);
    this.#run.journal.quality(quality);
    writeBest(this.#run.directory, this.#best);
    this.#run.journal.event({ event: 'quality-measured', ...quality });
    this.#spectator.measured(quality);
    this.#took(quality);
  }

  /** No more evaluations: the training does not depend on them. */
  #finish(reason: string): void {
    this.#available = false;
    this.#pending = [];
    this.#run.journal.event({ event: 'evaluation-ended', reason });
    this.#spectator.say(`no evaluations    ${reason}`);
  }
}

/** Why this data has no KID, or undefined when it has. */
function whyNone({ data, imageSize }: TrainingConfig): string | undefined {
  if (!(EVALUATED_DATA as readonly string[]).includes(data)) {
    return `there is no feature network for ${data}: only ${EVALUATED_DATA.join(', ')} have a KID`;
  }
  if (isMixture(data) || imageSize === DEFAULT_IMAGE_SIZE) return undefined;
  return `the feature network sees images of ${DEFAULT_IMAGE_SIZE} x ${DEFAULT_IMAGE_SIZE}, not of --image-size ${imageSize}`;
}

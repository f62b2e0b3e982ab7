/** From a fault back to the step that it called off: what is counted, where the run goes back to, and what that took. */
import { RunFailedError } from '../../../common/errors.js';
import { discardCheckpoint } from '../../run/checkpoints/checkpoints.js';
import { newestGood } from '../../run/checkpoints/resume.js';
import type { Cause } from '../../run/journal/cause.js';
import type { StepMetrics } from '../../run/journal/journal.js';
import type { Run, Spectator } from '../run.js';
import { FaultBudget } from './budget.js';
import { type Interruption, kindOf } from './interruption.js';
import { RecoveryTimer } from './recovery-timer.js';
import { ReplayCheck } from './replay-check.js';

export class Recovery {
  readonly #run: Run;
  readonly #spectator: Spectator;
  readonly #roles: readonly string[];
  readonly #budget: FaultBudget;
  readonly #timer = new RecoveryTimer();
  readonly #replay = new ReplayCheck();
  /** The newest step that was committed on this path. */
  #highest: number;
  /** Of the recovery in progress. */
  #fault: Interruption | undefined;
  #from = 0;
  #to = 0;
  /** So far. */
  readonly totals = { recoveries: 0, replayedSteps: 0 };

  constructor(run: Run, spectator: Spectator, roles: readonly string[]) {
    this.#run = run;
    this.#spectator = spectator;
    this.#roles = roles;
    this.#budget = new FaultBudget(run.settings);
    this.#highest = run.step;
  }

  /** A step was called off and is not committed again yet. */
  get inProgress(): boolean {
    return this.#fault !== undefined;
  }

  /** Another worker was lost, beside a step or on the way back. @throws RunFailedError when going on is no use */
  lost(cause: Cause, role: string, reason: string, step: number): void {
    const now = performance.now();
    if (role !== '' && this.#timer.running) this.#timer.begin({ lastHeardAt: now, now });
    this.#count(cause, role, reason, step);
  }

  #count(cause: Cause, role: string, reason: string, step: number): void {
    if (cause === 'left') return;
    const trained = this.#highest > 0 || this.#run.step > 0;
    // Nothing is lost yet, and what a worker says of itself at its start it would say again.
    if (cause === 'gave-up' && !trained) throw new RunFailedError(reason);
    const spent = this.#budget.spend(kindOf(cause), { step, role, reason });
    if (spent.over) throw new RunFailedError(`${reason} (step ${step}); the run ends: ${spent.reason}`);
  }

  /** A fault called the step off. @throws RunFailedError when it was one too many */
  begin(fault: Interruption, step: number): void {
    const { cause, role, message: reason, since } = fault;
    this.#timer.begin({ lastHeardAt: since, now: performance.now() });
    this.#run.journal.event({ event: 'step-called-off', step, cause, role, reason });
    this.#spectator.say(`step ${step}  ${reason}: going back`);
    this.#count(cause, role, reason, step);
    this.#fault ??= fault;
    this.#from = Math.max(this.#from, step);
  }

  /** The newest checkpoint that is whole, or 0: initial weights follow from the seed. A damaged one is named, and goes. */
  target(): number {
    const { directory, journal } = this.#run;
    const good = newestGood(directory, this.#roles, (step, reason) => {
      journal.event({ event: 'checkpoint-passed-over', step, reason });
      this.#spectator.say(`${reason}: passed over`);
      discardCheckpoint(directory, step);
    });
    this.#to = good ?? 0;
    return this.#to;
  }

  placed(): void {
    this.#timer.placed(performance.now());
  }

  ready(): void {
    this.#timer.ready(performance.now());
  }

  /** @returns true when this step had been committed before: it was replayed */
  committed(metrics: StepMetrics): boolean {
    const { step, epoch } = metrics;
    const replayed = step <= this.#highest;
    if (replayed) this.#compare(metrics);
    else this.#replay.remember(metrics);
    this.#highest = Math.max(this.#highest, step);
    this.#budget.progressed(step);
    if (this.#fault !== undefined && step >= this.#from) this.#over(this.#fault, step, epoch);
    return replayed;
  }

  /** A checkpoint exists: nothing before it will be replayed. */
  written(step: number): void {
    this.#replay.forgetBefore(step);
  }

  /** The run takes another path after this step. */
  wentBack(to: number): void {
    this.#highest = to;
    this.#replay.forgetAfter(to);
    this.#budget.wentBack(to);
    this.#timer.abandon();
    this.#fault = undefined;
    this.#from = 0;
  }

  #compare(metrics: StepMetrics): void {
    this.totals.replayedSteps += 1;
    const reason = this.#replay.compare(metrics);
    if (reason === undefined) return;
    this.#run.journal.event({ event: 'replay-differs', step: metrics.step, reason });
    this.#spectator.say(`the replay gives other bits: ${reason}`);
  }

  #over({ cause, role }: Interruption, step: number, epoch: number): void {
    const times = this.#timer.caughtUp(performance.now());
    const replayed = step - this.#to - 1;
    this.#fault = undefined;
    this.#from = 0;
    this.totals.recoveries += 1;
    if (times === undefined) return;
    const { detectMs, replaceMs, restoreMs, replayMs, totalMs, faults } = times;
    const rounded = Object.fromEntries(
      Object.entries({ detectMs, replaceMs, restoreMs, replayMs, totalMs }).map(([name, ms]) => [name, Math.round(ms)]),
    ) as Omit<typeof times, 'faults'>;
    this.#run.journal.event({
      event: 'recovered',
      step,
      to: this.#to,
      replayed,
      epoch,
      cause,
      role,
      faults,
      ...rounded,
    });
    this.#spectator.say(`step ${step}  recovered in ${(totalMs / 1000).toFixed(1)} s, ${replayed} steps replayed`);
  }
}

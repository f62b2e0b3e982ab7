/** All that watches a run for a collapse: the rules, the evaluations, and what they ask of the training. */
import type { StepMetrics } from '../../run/journal/journal.js';
import type { Finding } from '../rules/finding.js';
import { type Demand, demandOf } from '../rules/on-collapse.js';
import type { Run, Spectator } from '../run.js';
import { Evaluations } from './evaluations.js';
import { Stability } from './stability.js';

export class Watch implements Disposable {
  readonly #run: Run;
  readonly #spectator: Spectator;
  readonly #stability: Stability;
  readonly #evaluations: Evaluations;
  #demand: Demand | undefined;
  #refused = false;

  /** @param retain called when old checkpoints may have become needless */
  constructor(run: Run, spectator: Spectator, retain: () => void) {
    this.#run = run;
    this.#spectator = spectator;
    this.#stability = new Stability(run, spectator);
    this.#evaluations = new Evaluations(run, spectator, (quality) => {
      this.#judge(quality.step, this.#stability.measured(quality));
      // A run that goes on drops an extra one, and what was the best before it must be there then.
      if (!quality.extra) retain();
    });
  }

  [Symbol.dispose](): void {
    this.#evaluations[Symbol.dispose]();
  }

  /** What is asked of the training, until `wentBack`. */
  get demand(): Demand | undefined {
    return this.#demand;
  }

  /** Steps whose checkpoints must stay. */
  get needed(): number[] {
    return [...this.#evaluations.needed, ...(this.#demand?.kind === 'rollback' ? [this.#demand.to] : [])];
  }

  /** Takes up what an interrupted run had left: evaluations that were not in, a way back that was not taken. */
  begin(step: number): void {
    this.#evaluations.begin(step);
    const newest = this.#run.journal.readQuality().at(-1);
    const { rollbacks, settings } = this.#run;
    if (newest === undefined || settings.onCollapse !== 'rollback' || newest.step <= (rollbacks.at(-1)?.to ?? 0))
      return;
    this.#judge(newest.step, this.#stability.newestCollapses);
  }

  /**
   * Whether the checkpoint of this step is to be evaluated: `written` must come then. May wait for earlier evaluations,
   * and what they ask may have changed after it.
   */
  async due(step: number, stop: AbortSignal): Promise<boolean> {
    const room = await this.#evaluations.room(step, stop);
    return room && this.#demand === undefined && this.#evaluations.due(step);
  }

  /** A checkpoint exists. */
  written(step: number): void {
    this.#evaluations.written(step);
  }

  committed(metrics: StepMetrics): void {
    const collapses = this.#stability.committed(metrics);
    // With evaluations, the next one decides: what it knows does not depend on how fast the training is.
    if (!this.#evaluations.available) this.#judge(metrics.step, collapses);
  }

  /** Waits for the evaluations on their way; they may ask for something yet. */
  async settle(stop: AbortSignal): Promise<void> {
    if (this.#demand === undefined) await this.#evaluations.settle(stop);
  }

  /** Once something is asked: until nobody reads the checkpoints. */
  async idle(): Promise<void> {
    await this.#evaluations.idle();
  }

  /** A fault sent the run back to this step: what follows comes again, the same as it was. */
  recovered(step: number): void {
    this.#evaluations.recovered(step);
  }

  /** The run is at this step again, and its journals with it. */
  wentBack(step: number): void {
    this.#demand = undefined;
    this.#evaluations.rewound();
    this.#stability.rewound(step);
  }

  /** Takes in what holds of a step; the first demand stands until it is met. */
  #judge(step: number, findings: readonly Finding[]): void {
    const { settings, rollbacks, journal } = this.#run;
    if (this.#demand !== undefined) return;
    const demand = demandOf(step, findings, { settings, rollbacks, best: this.#evaluations.best });
    if (demand?.kind === 'refused') {
      if (!this.#refused) {
        journal.event({ event: 'rollback-refused', evaluated: step, reason: demand.reason });
        this.#spectator.say(`step ${step}  the run does not go back: ${demand.reason}`);
      }
      this.#refused = true;
      return;
    }
    this.#refused = false;
    this.#demand = demand;
    // What the training comes to before it hears of it depends on the machine; the best must not.
    if (demand !== undefined) this.#evaluations.leavePath();
  }
}

/** The metrics of a run, from its journal, its commits and what its coordinator knows at a scrape. */
import { basename } from 'node:path';
import { FAULT_KINDS } from '../../common/faults.js';
import { RUN_METRICS as M } from '../../common/metrics/names.js';
import { addProcessMetrics } from '../../common/metrics/process.js';
import { MetricRegistry } from '../../common/metrics/registry.js';
import { VERSION } from '../../common/version.js';
import type { TrainingConfig } from '../../gan/config.js';
import { CAUSES } from '../run/journal/cause.js';
import type { JournalReader, RunEvent, StepMetrics } from '../run/journal/journal.js';
import type { Quality } from '../run/journal/quality.js';
import { chainMs } from '../run/journal/step-chain.js';
import type { StoreLag } from '../store/run-store.js';
import { rolesOf } from '../training/crew/roles.js';
import type { LiveCounts } from '../training/train.js';
import { RUN_STATES, type RunState } from '../view/run-view.js';
import { QualityMeasures } from './quality-measures.js';
import { WorkerMeasures } from './worker-measures.js';

type RecoveredEvent = Extract<RunEvent, { event: 'recovered' }>;

export class RunMeasures implements JournalReader {
  readonly registry = new MetricRegistry();
  readonly #state = this.registry.gauge(M.state);
  readonly #epoch = this.registry.gauge(M.epoch);
  readonly #step = this.registry.gauge(M.step);
  readonly #committed = this.registry.counter(M.committed);
  readonly #samples = this.registry.counter(M.samples);
  readonly #lastCommit = this.registry.gauge(M.lastCommit);
  readonly #stepSeconds = this.registry.histogram(M.stepSeconds);
  readonly #chain = this.registry.histogram(M.chain);
  readonly #voteSpread = this.registry.histogram(M.voteSpread);
  readonly #discriminatorLoss = this.registry.gauge(M.discriminatorLoss);
  readonly #generatorLoss = this.registry.gauge(M.generatorLoss);
  readonly #averageGeneratorLoss = this.registry.gauge(M.averageGeneratorLoss);
  readonly #verdicts = this.registry.counter(M.verdicts);
  readonly #score = this.registry.gauge(M.score);
  readonly #gradientNorm = this.registry.gauge(M.gradientNorm);
  readonly #quality = new QualityMeasures(this.registry);
  readonly #workers = new WorkerMeasures(this.registry);
  readonly #lost = this.registry.counter(M.lost);
  readonly #calledOff = this.registry.counter(M.calledOff);
  readonly #faulty = this.registry.counter(M.faulty);
  readonly #recoveries = this.registry.counter(M.recoveries);
  readonly #recovery = this.registry.histogram(M.recovery);
  readonly #replayed = this.registry.counter(M.replayed);
  readonly #replayDiffers = this.registry.counter(M.replayDiffers);
  readonly #stale = this.registry.counter(M.stale);
  readonly #suspected = this.registry.counter(M.suspected);
  readonly #injected = this.registry.counter(M.injected);
  readonly #rollbacks = this.registry.counter(M.rollbacks);
  readonly #checkpointStep = this.registry.gauge(M.checkpointStep);
  readonly #checkpointTime = this.registry.gauge(M.checkpointTime);
  readonly #checkpointBytes = this.registry.gauge(M.checkpointBytes);
  readonly #checkpoint = this.registry.histogram(M.checkpoint);
  readonly #checkpointsPassedOver = this.registry.counter(M.checkpointsPassedOver);
  readonly #samplesOfStep: number;
  readonly #storeLag = this.registry.gauge(M.storeLag);
  readonly #storeWrites = this.registry.gauge(M.storeWrites);
  readonly #paused = this.registry.counter(M.paused);
  readonly #live: () => LiveCounts | undefined;
  readonly #lag: () => StoreLag;
  #ended: RunState | undefined;
  #newest: { metrics: StepMetrics; at: number } | undefined;
  /** What the counters of faults have taken in. */
  #seen = { replayedSteps: 0, staleMessages: 0 };

  /** @param live undefined before the coordinator listens */
  constructor(
    run: { id: string; training: TrainingConfig; step: number },
    live: () => LiveCounts | undefined,
    lag: () => StoreLag,
  ) {
    const { id, training, step } = run;
    const { system, data, batch, discriminatorSteps, steps, generators } = training;
    this.registry.run = id;
    this.#live = live;
    this.#lag = lag;
    this.#samplesOfStep = batch * discriminatorSteps;
    this.registry.gauge(M.info).set({ version: VERSION, system, data: basename(data) }, 1);
    this.registry.gauge(M.target).set(steps);
    this.#step.set(step);
    this.#checkpointStep.set(step);
    this.#checkpointTime.setToCurrentTime();
    // A counter that appears with its first increment has no rate of it.
    for (const cause of CAUSES)
      for (const each of [this.#lost, this.#calledOff, this.#suspected]) each.inc({ cause }, 0);
    for (const fault of FAULT_KINDS) this.#injected.inc({ fault }, 0);
    const judged = rolesOf(generators).map((_, i) => (i === 0 ? 'x' : `g${i}`));
    for (const each of judged) this.#verdicts.inc({ judged: each }, 0);
    addProcessMetrics(this.registry, () => 'coordinator');
    this.registry.beforeScrape(() => this.#look());
  }

  /** A step was committed, for the first time or in a replay. */
  committed(metrics: StepMetrics): void {
    const { ms, verdicts, voteSpreadMs } = metrics;
    this.#newest = { metrics, at: Date.now() };
    this.#committed.inc();
    this.#samples.inc(this.#samplesOfStep);
    this.#stepSeconds.observe(ms / 1000);
    this.#chain.observe(chainMs(metrics) / 1000);
    this.#voteSpread.observe(voteSpreadMs / 1000);
    for (const [judged, count] of Object.entries(verdicts)) this.#verdicts.inc({ judged }, count);
    if (metrics.signals) this.#quality.signals(metrics.signals);
  }

  quality(quality: Quality): void {
    this.#quality.measured(quality);
  }

  event(event: RunEvent): void {
    this.#quality.event(event);
    switch (event.event) {
      case 'worker-lost':
        return this.#lost.inc({ cause: event.cause });
      case 'step-called-off':
        return this.#calledOff.inc({ cause: event.cause });
      case 'step-faulty':
        return this.#faulty.inc();
      case 'recovered':
        return this.#recovered(event);
      case 'replay-differs':
        return this.#replayDiffers.inc();
      case 'fault-suspected':
        return this.#suspected.inc({ cause: event.cause });
      case 'fault-injected':
        return this.#injected.inc({ fault: event.fault });
      case 'store-caught-up':
        return this.#paused.inc(event.pausedMs / 1000);
      case 'rolled-back':
        return this.#rollbacks.inc();
      case 'checkpoint-written':
        this.#checkpointStep.set(event.step);
        this.#checkpointTime.setToCurrentTime();
        this.#checkpointBytes.set(event.bytes);
        return this.#checkpoint.observe(event.milliseconds / 1000);
      case 'checkpoint-passed-over':
        return this.#checkpointsPassedOver.inc();
      case 'run-finished':
      case 'run-stopped':
      case 'run-failed':
        this.#ended =
          event.event === 'run-finished' ? 'finished' : event.event === 'run-stopped' ? 'stopped' : 'failed';
    }
  }

  #recovered({ detectMs, replaceMs, restoreMs, replayMs, totalMs }: RecoveredEvent): void {
    this.#recoveries.inc();
    const parts = { detect: detectMs, replace: replaceMs, restore: restoreMs, replay: replayMs, total: totalMs };
    for (const [part, ms] of Object.entries(parts)) this.#recovery.observe({ part }, ms / 1000);
  }

  /** What is looked up at a scrape. */
  #look(): void {
    const live = this.#live();
    const now = this.#ended ?? live?.view.state ?? 'starting';
    for (const state of RUN_STATES) this.#state.set({ state }, state === now ? 1 : 0);
    const { seconds, writes } = this.#lag();
    this.#storeLag.set(seconds);
    this.#storeWrites.set(writes);
    if (live !== undefined) {
      const { view, faults } = live;
      this.#epoch.set(view.epoch);
      // A step that is just being committed is not counted by halves; after a way back the view is the lower one.
      this.#step.set(Math.min(view.step, this.#newest?.metrics.step ?? view.step));
      this.#workers.look(view.workers);
      const { replayedSteps, staleMessages } = faults;
      this.#replayed.inc(Math.max(0, replayedSteps - this.#seen.replayedSteps));
      this.#stale.inc(Math.max(0, staleMessages - this.#seen.staleMessages));
      this.#seen = {
        replayedSteps: Math.max(replayedSteps, this.#seen.replayedSteps),
        staleMessages: Math.max(staleMessages, this.#seen.staleMessages),
      };
    }
    if (this.#newest !== undefined) this.#show(this.#newest.metrics, this.#newest.at);
  }

  #show({ discriminatorLoss, generatorLosses, averageGeneratorLoss, scores, gradientNorms }: StepMetrics, at: number) {
    this.#lastCommit.set(at / 1000);
    this.#discriminatorLoss.set(discriminatorLoss);
    for (const [i, loss] of generatorLosses.entries()) this.#generatorLoss.set({ role: `generator-${i + 1}` }, loss);
    this.#averageGeneratorLoss.set(averageGeneratorLoss);
    for (const [judged, score] of Object.entries(scores)) this.#score.set({ judged }, score);
    for (const [role, norm] of Object.entries(gradientNorms)) this.#gradientNorm.set({ role }, norm);
  }
}

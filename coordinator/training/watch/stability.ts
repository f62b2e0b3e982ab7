/** Watches a run: every step and every evaluation is held against the rules; what begins or ends becomes an event. */
import type { StepMetrics } from '../../run/journal/journal.js';
import type { Quality } from '../../run/journal/quality.js';
import { type Change, FindingLog, key } from '../rules/finding-log.js';
import type { Finding } from '../rules/finding.js';
import { EMPTY_HISTORY, type History, withQuality, withStep } from '../rules/history.js';
import { qualityFindings } from '../rules/quality-rules.js';
import { collapsedDiversity, stepFindings } from '../rules/step-rules.js';
import type { Run, Spectator } from '../run.js';

/** Steps that a warning must stay away before it counts as over. */
const QUIET_STEPS = 50;

export class Stability {
  readonly #run: Run;
  readonly #spectator: Spectator;
  #history: History = EMPTY_HISTORY;
  #steps = new FindingLog(QUIET_STEPS);
  #evaluations = new FindingLog(0);
  /** The collapses that held at the newest evaluation. */
  newestCollapses: readonly Finding[] = [];
  /** What the signals said at a step whose evaluation is not in yet. */
  readonly #suspicions = new Map<number, Finding[]>();

  constructor(run: Run, spectator: Spectator) {
    this.#run = run;
    this.#spectator = spectator;
    this.#replay();
  }

  /** @returns the collapses that the signals show at this step */
  committed(metrics: StepMetrics): Finding[] {
    this.#tellAll(metrics.step, this.#look(metrics));
    return collapsedDiversity(this.#history);
  }

  /** @returns all collapses that hold at this step, whatever the training has come to meanwhile */
  measured(quality: Quality): readonly Finding[] {
    const { findings, changes } = this.#weigh(quality);
    this.#tellAll(quality.step, changes);
    return findings;
  }

  /** The run went back to this step, and its journals with it. */
  rewound(step: number): void {
    const before = [...this.#steps.active, ...this.#evaluations.active];
    this.#replay();
    const after = new Set([...this.#steps.active, ...this.#evaluations.active].map(key));
    for (const finding of before) {
      if (after.has(key(finding))) continue;
      this.#tell('ended', step, finding, `the run went back to step ${step}`);
    }
  }

  /** What is known of a run that goes on is not told again. */
  #replay(): void {
    this.#history = EMPTY_HISTORY;
    this.#steps = new FindingLog(QUIET_STEPS);
    this.#evaluations = new FindingLog(0);
    this.#suspicions.clear();
    this.newestCollapses = [];
    for (const metrics of this.#run.journal.readMetrics()) this.#look(metrics);
    for (const quality of this.#run.journal.readQuality()) this.#weigh(quality);
  }

  #look(metrics: StepMetrics) {
    const { step } = metrics;
    const { evaluateEvery } = this.#run.settings;
    this.#history = withStep(this.#history, metrics);
    if (evaluateEvery > 0 && step % evaluateEvery === 0) {
      this.#suspicions.set(step, collapsedDiversity(this.#history));
    }
    return this.#steps.update(step, stepFindings(this.#history));
  }

  #weigh(quality: Quality) {
    this.#history = withQuality(this.#history, quality);
    if (quality.extra) return { findings: [] as readonly Finding[], changes: [] };
    const found = qualityFindings(this.#history, this.#run.settings.collapseRatio);
    const suspicions = this.#suspicions.get(quality.step) ?? [];
    this.#suspicions.delete(quality.step);
    this.newestCollapses = [...found, ...suspicions];
    return { findings: this.newestCollapses, changes: this.#evaluations.update(quality.step, found) };
  }

  #tellAll(step: number, changes: readonly Change[]): void {
    for (const { kind, finding } of changes) {
      this.#tell(kind, step, finding, kind === 'began' ? finding.reason : 'it no longer holds');
    }
  }

  #tell(kind: Change['kind'], step: number, { rule, subject, collapse }: Finding, reason: string): void {
    const began = collapse ? 'collapse-suspected' : 'warning-raised';
    const event = kind === 'began' ? began : 'warning-cleared';
    this.#run.journal.event({ event, rule, subject, step, reason });
    this.#spectator.say(`step ${step}  ${event.replace('-', ' ')}: ${`${rule} ${subject}`.trim()}: ${reason}`);
  }
}

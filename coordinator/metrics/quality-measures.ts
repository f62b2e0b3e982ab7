/** How good a run is, as metrics: signals, evaluations, and the rules that hold. */
import { RUN_METRICS as M } from '../../common/metrics/names.js';
import type { MetricRegistry } from '../../common/metrics/registry.js';
import type { RunEvent, StepSignals } from '../run/journal/journal.js';
import type { Quality } from '../run/journal/quality.js';

export class QualityMeasures {
  readonly #sigma;
  readonly #diversity;
  readonly #updateShare;
  readonly #evaluatedStep;
  readonly #kid;
  readonly #kidBest;
  readonly #kidFloor;
  readonly #kidRatio;
  readonly #modes;
  readonly #modesOf;
  readonly #highQuality;
  readonly #classEntropy;
  readonly #rule;
  readonly #evaluationsSkipped;

  constructor(registry: MetricRegistry) {
    this.#sigma = registry.gauge(M.sigma);
    this.#diversity = registry.gauge(M.diversity);
    this.#updateShare = registry.gauge(M.updateShare);
    this.#evaluatedStep = registry.gauge(M.evaluatedStep);
    this.#kid = registry.gauge(M.kid);
    this.#kidBest = registry.gauge(M.kidBest);
    this.#kidFloor = registry.gauge(M.kidFloor);
    this.#kidRatio = registry.gauge(M.kidRatio);
    this.#modes = registry.gauge(M.modes);
    this.#modesOf = registry.gauge(M.modesOf);
    this.#highQuality = registry.gauge(M.highQuality);
    this.#classEntropy = registry.gauge(M.classEntropy);
    this.#rule = registry.gauge(M.rule);
    this.#evaluationsSkipped = registry.counter(M.evaluationsSkipped);
  }

  signals({ sigma, diversity, updateShare }: StepSignals): void {
    for (const [layer, value] of Object.entries(sigma)) this.#sigma.set({ layer }, value);
    for (const [judged, value] of Object.entries(diversity)) this.#diversity.set({ judged }, value);
    for (const [judged, value] of Object.entries(updateShare)) this.#updateShare.set({ judged }, value);
  }

  measured({ step, kid, generators, best, floor, ratio, modes, modesOf, highQuality, classEntropy }: Quality): void {
    this.#evaluatedStep.set(step);
    this.#kid.set({ of: 'mixture' }, kid);
    for (const [role, value] of Object.entries(generators)) this.#kid.set({ of: role }, value);
    this.#kidBest.set(best);
    this.#kidFloor.set(floor);
    this.#kidRatio.set(ratio);
    // Not every data set has them.
    if (modes !== undefined) this.#modes.set(modes);
    if (modesOf !== undefined) this.#modesOf.set(modesOf);
    if (highQuality !== undefined) this.#highQuality.set(highQuality);
    if (classEntropy !== undefined) this.#classEntropy.set(classEntropy);
  }

  event(event: RunEvent): void {
    switch (event.event) {
      case 'collapse-suspected':
      case 'warning-raised':
        return this.#rule.set({ rule: event.rule, subject: event.subject }, 1);
      case 'warning-cleared':
        return this.#rule.set({ rule: event.rule, subject: event.subject }, 0);
      case 'evaluation-skipped':
        return this.#evaluationsSkipped.inc();
    }
  }
}

/** Made-up histories of runs for the rules: a step, or an evaluation, with what matters set. */
import type { StepMetrics, StepSignals } from '../../../coordinator/run/journal/journal.js';
import { type Best, type Measured, type Quality, rated } from '../../../coordinator/run/journal/quality.js';
import { EMPTY_HISTORY, type History, withQuality, withStep } from '../../../coordinator/training/rules/history.js';

export function stepOf(step: number, change: Partial<StepMetrics> = {}): StepMetrics {
  return {
    step,
    epoch: 1,
    ms: 10,
    voteSpreadMs: 1,
    discriminatorLoss: 1.2,
    generatorLosses: [0.8, 0.8],
    averageGeneratorLoss: 0.8,
    verdicts: { x: 40, g1: 12, g2: 12 },
    scores: { x: 0.6, g1: 0.4, g2: 0.4 },
    gradientNorms: { discriminator: 1, 'generator-1': 1, 'generator-2': 1 },
    phases: {},
    tensors: {},
    ...change,
  };
}

export function signalsOf(change: Partial<StepSignals> = {}): StepSignals {
  return { sigma: { conv1: 1 }, diversity: { g1: 0.9, g2: 0.9 }, updateShare: { g1: 0.5, g2: 0.5 }, ...change };
}

/** A run's steps `first` to `last`. */
export function steps(first: number, last: number, make: (step: number) => Partial<StepMetrics> = () => ({})): History {
  let history = EMPTY_HISTORY;
  for (let step = first; step <= last; step += 1) history = withStep(history, stepOf(step, make(step)));
  return history;
}

/** An evaluation every 500 steps, from step 500 on. */
export function evaluations(figures: readonly (Partial<Measured> & { kid: number })[], first = 500): History {
  let history = EMPTY_HISTORY;
  let best: Best | undefined;
  for (const [i, measured] of figures.entries()) {
    const quality: Quality = rated(first + i * 500, { generators: {}, floor: 0.001, ...measured }, best);
    best = { step: quality.bestStep, kid: quality.best };
    history = withQuality(history, quality);
  }
  return history;
}

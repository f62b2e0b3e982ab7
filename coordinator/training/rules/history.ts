/** What the rules look at: the newest steps, the newest signals, every evaluation. */
import type { StepMetrics, StepSignals } from '../../run/journal/journal.js';
import type { Quality } from '../../run/journal/quality.js';

/** Committed steps that are remembered. */
export const WINDOW = 500;
/** Steps with signals that are remembered. */
export const SIGNALS_WINDOW = 10;

/** What the rules look at of a step: the rest of one of a hundred networks is much to remember. */
export type RememberedStep = Pick<StepMetrics, 'step' | 'discriminatorLoss' | 'gradientNorms' | 'verdicts'>;

export interface History {
  /** At most the newest 500, oldest first. */
  steps: readonly RememberedStep[];
  /** Of each of them, the discriminator's score. */
  scores: readonly number[];
  /** In all of them together, how many samples each of the judged has won: x, g1, g2, ... */
  won: ReadonlyMap<string, number>;
  /** Of at most the newest 10 steps that have them, oldest first. */
  signals: readonly { step: number; signals: StepSignals }[];
  /** Oldest first; without those at an end that was none. */
  quality: readonly Quality[];
}

export const EMPTY_HISTORY: History = { steps: [], scores: [], won: new Map(), signals: [], quality: [] };

export function withStep(history: History, metrics: StepMetrics): History {
  const { step, discriminatorLoss, gradientNorms, verdicts, signals } = metrics;
  const forgotten = history.steps.length < WINDOW ? undefined : history.steps[0];
  return {
    ...history,
    steps: [...history.steps.slice(1 - WINDOW), { step, discriminatorLoss, gradientNorms, verdicts }],
    scores: [...history.scores.slice(1 - WINDOW), discriminatorScore(metrics.scores)],
    won: wonWith(history.won, verdicts, forgotten?.verdicts),
    signals: signals ? [...history.signals.slice(1 - SIGNALS_WINDOW), { step, signals }] : history.signals,
  };
}

export function withQuality(history: History, quality: Quality): History {
  return quality.extra ? history : { ...history, quality: [...history.quality, quality] };
}

/** Whole numbers: taking away what was added gives back what was before. */
function wonWith(
  won: History['won'],
  added: StepMetrics['verdicts'] = {},
  forgotten: StepMetrics['verdicts'] = {},
): History['won'] {
  const sums = new Map(won);
  for (const [name, count] of Object.entries(added)) sums.set(name, (sums.get(name) ?? 0) + count);
  for (const [name, count] of Object.entries(forgotten)) sums.set(name, (sums.get(name) ?? 0) - count);
  return sums;
}

/** Mean of D(x) and 1 - D(G(z)), the generators averaged: 0.5 is a coin, 1 is never wrong. Of a step without scores NaN. */
function discriminatorScore(scores: Readonly<Record<string, number>> | undefined): number {
  const { x = Number.NaN, ...fakes } = scores ?? {};
  const values = Object.values(fakes);
  return (x + 1 - values.reduce((sum, score) => sum + score, 0) / values.length) / 2;
}

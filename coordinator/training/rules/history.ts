/** What the rules look at: the newest steps, the newest signals, every evaluation. */
import type { StepMetrics, StepSignals } from '../../run/journal.js';
import type { Quality } from '../../run/quality.js';

/** Committed steps that are remembered. */
export const WINDOW = 500;
/** Steps with signals that are remembered. */
export const SIGNALS_WINDOW = 10;

export interface History {
  /** At most the newest 500, oldest first. */
  steps: readonly StepMetrics[];
  /** Of at most the newest 10 steps that have them, oldest first. */
  signals: readonly { step: number; signals: StepSignals }[];
  /** Oldest first; without those at an end that was none. */
  quality: readonly Quality[];
}

export const EMPTY_HISTORY: History = { steps: [], signals: [], quality: [] };

export function withStep(history: History, metrics: StepMetrics): History {
  const { step, signals } = metrics;
  return {
    ...history,
    steps: [...history.steps.slice(1 - WINDOW), metrics],
    signals: signals ? [...history.signals.slice(1 - SIGNALS_WINDOW), { step, signals }] : history.signals,
  };
}

export function withQuality(history: History, quality: Quality): History {
  return quality.extra ? history : { ...history, quality: [...history.quality, quality] };
}

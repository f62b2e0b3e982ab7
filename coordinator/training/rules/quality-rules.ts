/** Rules of the evaluations: the ones that time a collapse. Pure: history in, findings out. */
import type { Quality } from '../../run/journal/quality.js';
import type { Finding } from './finding.js';
import type { History } from './history.js';

export const QUALITY_LIMITS = {
  /** Evaluations in a row that it must last. */
  evaluations: 3,
  /** Nats; ten digits in equal parts have 2.303. */
  classEntropy: 1.5,
  /** Until here a model has few classes and modes because it has just begun. */
  warmUp: 1000,
  /** Share of the known modes that at most are left. */
  modes: 0.5,
} as const;

const LIMITS = QUALITY_LIMITS;

/** @param collapseRatio KID over the best so far, above which an evaluation counts as collapsed */
export function qualityFindings({ quality }: History, collapseRatio: number): Finding[] {
  const recent = quality.slice(-LIMITS.evaluations);
  if (recent.length < LIMITS.evaluations) return [];
  return [...worseThanBest(recent, collapseRatio), ...fewClasses(recent), ...fewModes(recent)];
}

function worseThanBest(recent: readonly Quality[], most: number): Finding[] {
  if (!recent.every(({ ratio }) => ratio > most)) return [];
  const { best, bestStep } = recent.at(-1) as Quality;
  return [
    collapse(
      'quality-collapse',
      `the KID was ${list(recent.map(({ ratio }) => ratio))} times the best (${shown(best)} at step ${bestStep}) in the last ${LIMITS.evaluations} evaluations, above ${most}`,
    ),
  ];
}

function fewClasses(recent: readonly Quality[]): Finding[] {
  const entropies = recent.map(({ classEntropy }) => classEntropy ?? Number.NaN);
  if (stillLearns(recent) || !entropies.every((entropy) => entropy < LIMITS.classEntropy)) return [];
  return [
    collapse(
      'class-collapse',
      `the entropy of the digits was ${list(entropies)} nats in the last ${LIMITS.evaluations} evaluations, below ${LIMITS.classEntropy}`,
    ),
  ];
}

function fewModes(recent: readonly Quality[]): Finding[] {
  const shares = recent.map(({ modes, modesOf }) => (modes ?? Number.NaN) / (modesOf ?? Number.NaN));
  if (stillLearns(recent) || !shares.every((share) => share <= LIMITS.modes)) return [];
  return [
    collapse(
      'mode-collapse',
      `${recent.map(({ modes }) => modes).join(', ')} of ${recent.at(-1)?.modesOf} modes were left in the last ${LIMITS.evaluations} evaluations, at most half`,
    ),
  ];
}

/** At the beginning, and while the KID reaches new lows, few modes are those found so far, not those that are left. */
function stillLearns(recent: readonly Quality[]): boolean {
  const bestStep = recent.at(-1)?.bestStep;
  return recent.some(({ step }) => step <= LIMITS.warmUp || step === bestStep);
}

function collapse(rule: Finding['rule'], reason: string): Finding {
  return { rule, subject: '', collapse: true, reason };
}

function list(values: readonly number[]): string {
  return values.map(shown).join(', ');
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

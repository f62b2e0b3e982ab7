/** quality.jsonl, what the trainer measures now and then while it trains; a run without it has no last/best ratio. */
import { rounded } from './curves.js';

export interface Quality {
  /** KID of a small sample of the mixture, by step. */
  curve: [step: number, kid: number][];
  last: number;
  best: number;
  bestStep: number;
  /** last / best as the trainer gives it; null where it gives none. */
  ratio: number | null;
  /** The ratios of the last evaluations, oldest first. */
  lastRatios: number[];
}

interface Line {
  step: number;
  kid: number;
  best: number;
  bestStep: number;
  ratio?: number | null;
}

const MOST_POINTS = 60;
/** Evaluations that must agree before a run counts as collapsed. */
export const EVALUATIONS = 3;

/** @returns undefined when no line is an evaluation */
export function readQuality(lines: readonly unknown[]): Quality | undefined {
  const measured = lines.filter(isLine);
  const last = measured.at(-1);
  if (last === undefined) return undefined;
  const every = Math.ceil(measured.length / MOST_POINTS);
  const shown = measured.filter((_, i) => (measured.length - 1 - i) % every === 0);
  return {
    curve: shown.map(({ step, kid }) => [step, rounded(kid)]),
    last: last.kid,
    best: last.best,
    bestStep: last.bestStep,
    ratio: last.ratio ?? null,
    lastRatios: measured.slice(-EVALUATIONS).flatMap(({ ratio }) => (typeof ratio === 'number' ? [ratio] : [])),
  };
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false;
  const line = value as Record<string, unknown>;
  return ['step', 'kid', 'best', 'bestStep'].every((key) => Number.isFinite(line[key]));
}

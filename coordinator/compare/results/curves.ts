/** Curves of a run, thinned to what a chart of a few hundred pixels can show. */
import type { StepMetrics } from '../../run/journal/journal.js';

/** Parallel lists: entry i is the mean over the steps up to `step[i]` since `step[i - 1]`. */
export interface Curves {
  step: number[];
  discriminator: number[];
  /** Mean over the generators of their unweighted losses. */
  generator: number[];
  /** Share of the samples whose x was judged most real; empty where there is one generator. */
  xJudgedReal: number[];
}

const BINS = 40;

/** @param steps steps that the run was to make, so that runs of one length share their bins */
export function curvesOf(metrics: readonly StepMetrics[], steps: number): Curves {
  const curves: Curves = { step: [], discriminator: [], generator: [], xJudgedReal: [] };
  const bins = Math.min(BINS, steps);
  let from = 0;
  for (let bin = 1; bin <= bins; bin += 1) {
    const end = Math.round((bin * steps) / bins);
    const lines: StepMetrics[] = [];
    for (let line = metrics[from]; line !== undefined && line.step <= end; line = metrics[from]) {
      lines.push(line);
      from += 1;
    }
    // A run that died has no last bins, and no part of one.
    if (lines.at(-1)?.step !== end) break;
    const mean = (pick: (line: StepMetrics) => number) =>
      rounded(lines.reduce((sum, line) => sum + pick(line), 0) / lines.length);
    curves.step.push(end);
    curves.discriminator.push(mean((line) => line.discriminatorLoss));
    curves.generator.push(mean(({ generatorLosses: all }) => all.reduce((a, b) => a + b, 0) / all.length));
    if ((lines[0]?.generatorLosses.length ?? 1) > 1) curves.xJudgedReal.push(mean(shareOfX));
  }
  return curves;
}

function shareOfX({ verdicts }: StepMetrics): number {
  const all = Object.values(verdicts).reduce((a, b) => a + b, 0);
  return all === 0 ? 0 : (verdicts['x'] ?? 0) / all;
}

/** Five digits are more than a chart shows, and keep hundreds of runs in a small file. */
export function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

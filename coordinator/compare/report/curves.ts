/** The charts of one data set under one setting: mean over the seeds, with a band of one standard error. */
import type { RunSummary } from '../results/summarise.js';
import { meanAndError } from '../statistics/mean.js';
import { type ChartOptions, type Point, lineChart } from './chart.js';
import type { Picture } from './blocks.js';
import type { Facet } from './facet.js';

interface Curve {
  title: string;
  y: string;
  top?: number;
  mayBeLogarithmic?: boolean;
  pointsOf(summary: RunSummary): [x: number, value: number][];
}

const along = (steps: readonly number[], values: readonly number[]): [number, number][] =>
  steps.flatMap((step, i): [number, number][] => {
    const value = values[i];
    return typeof value === 'number' && Number.isFinite(value) ? [[step, value]] : [];
  });

const CURVES: readonly Curve[] = [
  {
    title: 'KID of a small sample during training',
    y: 'KID',
    mayBeLogarithmic: true,
    pointsOf: ({ quality }) => quality?.curve ?? [],
  },
  {
    title: 'Loss of the discriminator',
    y: 'loss',
    pointsOf: ({ curves }) => along(curves.step, curves.discriminator),
  },
  {
    title: 'Loss of the generators (unweighted mean)',
    y: 'loss',
    pointsOf: ({ curves }) => along(curves.step, curves.generator),
  },
  {
    title: 'Verdicts: share of the samples whose x was judged most real',
    y: 'share',
    top: 1,
    pointsOf: ({ curves }) => along(curves.step, curves.xJudgedReal),
  },
];

export async function facetCharts(facet: Facet): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const curve of CURVES) {
    const series = facet.systems.flatMap((name, colour) => {
      const runs = facet.rows.filter(({ system, summary }) => system === name && summary !== undefined);
      const points = average(runs.map(({ summary }) => curve.pointsOf(summary as RunSummary)));
      return points.length === 0 ? [] : [{ name, colour, points }];
    });
    if (series.length === 0) continue;
    const { title, y, top, mayBeLogarithmic } = curve;
    const options: ChartOptions = {
      x: 'step',
      y,
      series,
      ...(top === undefined ? {} : { top }),
      ...(mayBeLogarithmic === undefined ? {} : { mayBeLogarithmic }),
    };
    const place = `${facet.data}${facet.setting === '' ? '' : `, setting ${facet.setting}`}`;
    const ends = series.map(({ name, points }) => `${name} ${points.at(-1)?.mean.toPrecision(3)}`).join(', ');
    pictures.push({
      kind: 'picture',
      caption: `${place}. ${title}; mean over the seeds, band: one standard error.`,
      alt: `Line chart, ${place}. ${title}, over training steps. At the end: ${ends}.`,
      content: { svg: await lineChart(options) },
    });
  }
  return pictures;
}

/** Runs that died end earlier; a point is the mean of the runs that came to it. */
function average(runs: readonly (readonly [number, number][])[]): Point[] {
  const at = new Map<number, number[]>();
  for (const run of runs) for (const [x, value] of run) at.set(x, [...(at.get(x) ?? []), value]);
  return [...at]
    .sort(([a], [b]) => a - b)
    .flatMap(([x, values]) => {
      const { mean, error = 0 } = meanAndError(values) ?? { mean: Number.NaN };
      return Number.isFinite(mean) ? [{ x, mean, low: mean - error, high: mean + error }] : [];
    });
}

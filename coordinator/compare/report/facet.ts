/** The runs of one data set under one setting, and what the tables make of them. */
import { isMixture } from '../../../gan/data/mixtures.js';
import { METRICS, type MetricName, titleOf } from '../../../gan/metrics/catalogue.js';
import { FEATURE_NETWORK } from '../../../gan/metrics/evaluation.js';
import type { RunRow } from '../results/results.js';
import { type MeanAndError, meanAndError } from '../statistics/mean.js';

export interface Facet {
  data: string;
  setting: string;
  systems: readonly string[];
  rows: readonly RunRow[];
}

export function where({ data, setting }: Facet): string {
  return setting === '' ? data : `${data}, setting ${setting}`;
}

export function runsOf(facet: Facet, system: string): RunRow[] {
  return facet.rows.filter((row) => row.system === system);
}

/** Mean and error over the runs that have the number. */
export function over(
  rows: readonly RunRow[],
  pick: (row: RunRow) => number | null | undefined,
): MeanAndError | undefined {
  return meanAndError(
    rows.flatMap((row) => {
      const value = pick(row);
      return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
    }),
  );
}

/** Points are their own features. */
export function metricTitle(name: MetricName, data: string): string {
  return titleOf(name, isMixture(data) ? 'coordinates' : FEATURE_NETWORK);
}

/** A mean of whole numbers has decimals. */
export function digitsOf(name: MetricName): number {
  return METRICS[name].digits === 0 ? 2 : METRICS[name].digits;
}

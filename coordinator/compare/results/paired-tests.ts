/** Which systems are tested against which, on what, and what follows. */
import type { TrainingConfig } from '../../../gan/config.js';
import { METRICS, type MetricName } from '../../../gan/metrics/catalogue.js';
import type { PlannedRun } from '../plan.js';
import type { RunRow } from './results.js';
import type { Comparison } from '../spec.js';
import { type Interval, bootstrapMean } from '../statistics/bootstrap.js';
import { holm } from '../statistics/holm.js';
import { signedRankTest, smallestP } from '../statistics/signed-rank.js';

export interface Pair {
  setting: string;
  system: string;
  /** What it is tested against. */
  against: string;
}

export interface PairedTest extends Pair {
  data: string;
  metric: MetricName;
  /** Seeds with a finished run of both. */
  n: number;
  /** Of these, seeds where the two differ. */
  different: number;
  /** Mean over the seeds of system - against; undefined without pairs, as are the next two. */
  difference?: number;
  /** Bootstrap of the difference at 1 - alpha. */
  interval?: Interval;
  /** Exact signed-rank test, two-sided. */
  p?: number;
  /** Holm's correction over the tests of the data set. */
  adjusted?: number;
  verdict: 'better' | 'worse' | 'higher' | 'lower' | 'no difference shown' | 'too few seeds' | 'no pairs';
}

/** Draws of the bootstrap follow from it. */
const BOOTSTRAP_SEED = 1;

/**
 * Every system against the baseline, then every two `pggan` systems that differ in generatorLoss alone, within each setting.
 * Known before any run: the tests do not depend on what comes out.
 */
export function pairsOf({ systems, settings, tests }: Comparison, runs: readonly PlannedRun[], data: string): Pair[] {
  const labels = Object.keys(systems);
  const configOf = (system: string, setting: string) =>
    runs.find((run) => run.data === data && run.system === system && run.setting === setting)?.training;
  return Object.keys(settings).flatMap((setting) => {
    const pairs: Pair[] = labels
      .filter((system) => system !== tests.baseline)
      .map((system) => ({ setting, system, against: tests.baseline }));
    for (const [i, against] of labels.entries())
      for (const system of labels.slice(i + 1)) {
        if (against === tests.baseline || system === tests.baseline) continue;
        if (differInGeneratorLoss(configOf(system, setting), configOf(against, setting)))
          pairs.push({ setting, system, against });
      }
    return pairs;
  });
}

function differInGeneratorLoss(a: TrainingConfig | undefined, b: TrainingConfig | undefined): boolean {
  if (a === undefined || b === undefined || a.system !== 'pggan' || b.system !== 'pggan') return false;
  const rest = (config: TrainingConfig) => JSON.stringify({ ...config, generatorLoss: undefined });
  return a.generatorLoss !== b.generatorLoss && rest(a) === rest(b);
}

export function testPairs(
  pairs: readonly Pair[],
  rows: readonly RunRow[],
  data: string,
  { primary, tests: { alpha } }: Pick<Comparison, 'primary' | 'tests'>,
): PairedTest[] {
  const metric = primary[data] ?? 'kid';
  const tests = pairs.map((pair): PairedTest => {
    const differences = pairedDifferences(pair, rows, data, metric);
    const n = differences.length;
    if (n === 0) return { ...pair, data, metric, n, different: 0, verdict: 'no pairs' };
    const { n: different, p } = signedRankTest(differences);
    return {
      ...pair,
      data,
      metric,
      n,
      different,
      difference: differences.reduce((a, b) => a + b, 0) / n,
      interval: bootstrapMean(
        differences,
        1 - alpha,
        BOOTSTRAP_SEED,
        [data, pair.setting, pair.system, pair.against].join(' '),
      ),
      p,
      verdict: 'no difference shown',
    };
  });
  const tested = tests.filter(({ p }) => p !== undefined);
  const adjusted = holm(tested.map(({ p }) => p as number));
  for (const [i, test] of tested.entries()) {
    test.adjusted = adjusted[i] as number;
    test.verdict = verdictOf(test, alpha);
  }
  return tests;
}

/** system - against by seed, where both have a finite value. */
function pairedDifferences(
  { system, against, setting }: Pair,
  rows: readonly RunRow[],
  data: string,
  metric: MetricName,
): number[] {
  const valuesOf = (name: string) =>
    new Map(
      rows
        .filter((row) => row.data === data && row.setting === setting && row.system === name)
        .map((row) => [row.seed, row.summary?.evaluation?.groups['mixture']?.[metric]]),
    );
  const [ours, theirs] = [valuesOf(system), valuesOf(against)];
  return [...ours].flatMap(([seed, a]) => {
    const b = theirs.get(seed);
    return a === undefined || b === undefined || !Number.isFinite(a - b) ? [] : [a - b];
  });
}

function verdictOf({ n, adjusted = 1, difference = 0, metric }: PairedTest, alpha: number): PairedTest['verdict'] {
  if (adjusted <= alpha) {
    const { better } = METRICS[metric];
    if (better === 'none') return difference > 0 ? 'higher' : 'lower';
    return difference > 0 === (better === 'higher') ? 'better' : 'worse';
  }
  return smallestP(n) > alpha ? 'too few seeds' : 'no difference shown';
}

/** OUT/results.json: the comparison and its runs, everything the report is made from (besides the pictures). */
import { existsSync } from 'node:fs';
import { VERSION } from '../../../common/version.js';
import { assertSameFeatures } from '../../../gan/metrics/evaluation.js';
import { type Failure, readJson } from '../running/facts.js';
import { runPaths } from '../paths.js';
import type { PlannedRun } from '../plan.js';
import type { Comparison } from '../spec.js';
import { type RunSummary, summarise } from './summarise.js';

export interface RunRow {
  name: string;
  data: string;
  system: string;
  setting: string;
  seed: number;
  state: 'finished' | 'dead' | 'missing';
  /** Why a dead run died. */
  failure?: Omit<Failure, 'time'>;
  /** Of a finished run; of a dead one as far as it came. */
  summary?: RunSummary;
}

export interface Results {
  duet: string;
  comparison: Comparison;
  /** The YAML file as it was. */
  source: { file: string; text: string };
  runs: RunRow[];
}

/** Reads what is there. @throws UsageError when two evaluations were measured with different features */
export function collect(
  out: string,
  comparison: Comparison,
  runs: readonly PlannedRun[],
  source: Results['source'],
): Results {
  const rows = runs.map((run) => rowOf(out, run, comparison));
  for (const data of comparison.data) {
    const evaluations = rows.flatMap((row) => (row.data === data ? (row.summary?.evaluation ?? []) : []));
    const [first] = evaluations;
    for (const evaluation of evaluations) if (first !== undefined) assertSameFeatures(first, evaluation);
  }
  return { duet: VERSION, comparison, source, runs: rows };
}

function rowOf(out: string, run: PlannedRun, comparison: Comparison): RunRow {
  const paths = runPaths(out, run);
  const { name, data, system, setting, seed } = run;
  const axes = { name, data, system, setting, seed };
  const summary = readJson(paths.result) as RunSummary | undefined;
  if (summary !== undefined) return { ...axes, state: 'finished', summary };
  const failure = readJson(paths.failure) as Failure | undefined;
  if (failure === undefined) return { ...axes, state: 'missing' };
  const { during, reason } = failure;
  const trained = existsSync(`${paths.folder}/config.json`)
    ? { summary: summarise(paths.folder, run, comparison) }
    : {};
  return { ...axes, state: 'dead', failure: { during, reason }, ...trained };
}

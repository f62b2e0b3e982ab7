/** Looks a run's folder up for decide.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../../../common/errors.js';
import { listCheckpoints } from '../../run/checkpoints/checkpoints.js';
import { readRecord } from '../../run/config/record.js';
import { RunDirectory } from '../../run/directory.js';
import { readEvaluation } from '../evaluation.js';
import { type RunPaths, runPaths } from '../paths.js';
import type { PlannedRun } from '../plan.js';
import type { Comparison } from '../spec.js';
import type { RunFacts } from './decide.js';
import { leftProcess } from './processes.js';

export interface Failure {
  during: 'training' | 'evaluation';
  reason: string;
  time: string;
}

/** Undefined when the file is missing or was cut off. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

export function lookUp(paths: RunPaths, run: PlannedRun, { evaluate }: Comparison): RunFacts {
  const isRun = existsSync(`${paths.folder}/config.json`);
  const status = readJson(`${paths.folder}/run.json`) as { state: RunFacts['state'] } | undefined;
  const failure = readJson(paths.failure) as Failure | undefined;
  const { steps } = run.training;
  return {
    hasResult: readJson(paths.result) !== undefined,
    failure: failure?.reason,
    isRun,
    state: status?.state,
    checkpoints: isRun ? listCheckpoints(RunDirectory.open(paths.folder)) : [],
    steps,
    isEvaluated: evaluate === false || readEvaluation(paths.folder, steps, evaluate) !== undefined,
    process: leftProcess(paths),
  };
}

/**
 * A folder from another version of the file would stand in the table under a name that it has no right to.
 * @throws UsageError naming the first run whose config or evaluation is not what the file says
 */
export function refuseOthers(out: string, runs: readonly PlannedRun[], comparison: Comparison): void {
  for (const run of runs) {
    const paths = runPaths(out, run);
    if (!existsSync(`${paths.folder}/config.json`)) continue;
    const directory = RunDirectory.open(paths.folder);
    const { training, threads } = readRecord(directory);
    const found: Record<string, unknown> = { ...training };
    const asked: Record<string, unknown> = { ...run.training };
    const key = [...new Set([...Object.keys(found), ...Object.keys(asked)])].find(
      (name) => !isDeepStrictEqual(found[name], asked[name]),
    );
    const cure = 'delete that folder, or choose another --out';
    if (key !== undefined)
      throw new UsageError(
        `${paths.folder} was trained with ${key} ${JSON.stringify(found[key])}, the comparison says ${JSON.stringify(asked[key])}: ${cure}`,
      );
    const other = Object.values(threads).find((count) => count !== run.threads);
    if (other !== undefined)
      throw new UsageError(
        `${paths.folder} was trained with ${other} threads, the comparison says ${run.threads}, which gives other bits: ${cure}`,
      );
    refuseOtherEvaluation(paths, run, comparison);
  }
}

/** An evaluation with other options can be made again only where the checkpoint is kept. */
function refuseOtherEvaluation(paths: RunPaths, run: PlannedRun, { evaluate }: Comparison): void {
  if (evaluate === false || readJson(paths.result) === undefined) return;
  if (readEvaluation(paths.folder, run.training.steps, evaluate) !== undefined) return;
  throw new UsageError(
    `${paths.folder} is not evaluated with ${evaluate.samples} samples and seed ${evaluate.seed}, as the comparison says: delete its result.json if its last checkpoint is there, or that folder, or choose another --out`,
  );
}

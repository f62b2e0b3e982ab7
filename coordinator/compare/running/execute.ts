/** Brings one run from whatever its folder holds to a result, or to its grave. */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DuetError, messageOf } from '../../../common/errors.js';
import { writeWhole } from '../../run/directory.js';
import { decide } from './decide.js';
import { evaluationArguments } from '../evaluation.js';
import { type Failure, lookUp } from './facts.js';
import { runPaths, type RunPaths } from '../paths.js';
import type { PlannedRun } from '../plan.js';
import { type Ended, endLeftProcess, runCoordinator } from './processes.js';
import { retain } from './retain.js';
import { failureReason, summarise } from '../results/summarise.js';
import type { Comparison } from '../spec.js';

export interface ExecuteOptions {
  out: string;
  comparison: Comparison;
  stop: AbortSignal;
  /** Runs that died get another chance. */
  retryFailed: boolean;
}

export type RunEnd = 'finished' | 'dead' | 'stopped';

/** A round is a decision and what follows from it; a run needs three at most, and this bounds a defect. */
const MOST_ROUNDS = 8;

export async function execute(run: PlannedRun, options: ExecuteOptions): Promise<RunEnd> {
  const { out, comparison, stop } = options;
  const paths = runPaths(out, run);
  let forgive = options.retryFailed;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (stop.aborted) return 'stopped';
    const decision = decide(lookUp(paths, run, comparison), forgive);
    switch (decision.act) {
      case 'none':
        if (decision.because === 'finished') retain(paths, comparison);
        return decision.because;
      case 'await':
        await endLeftProcess(paths, stop);
        break;
      case 'bury':
        bury(paths, 'training', failureReason(paths.folder) ?? 'it failed without saying why');
        break;
      case 'summarise':
        rmSync(paths.failure, { force: true });
        writeWhole(paths.result, `${JSON.stringify(summarise(paths.folder, run, comparison))}\n`);
        break;
      case 'train':
      case 'evaluate': {
        forgive = false;
        rmSync(paths.failure, { force: true });
        const isTraining = decision.act === 'train';
        const ended = await (isTraining
          ? train(run, paths, decision.from, stop)
          : runCoordinator(evaluationArguments(paths.folder, wanted(comparison)), paths, stop));
        if (stop.aborted) return 'stopped';
        if (ended.code !== 0) bury(paths, isTraining ? 'training' : 'evaluation', describe(ended, paths));
        else if (!isTraining && !lookUp(paths, run, comparison).isEvaluated)
          bury(paths, 'evaluation', 'the evaluation left no file for the last step');
        break;
      }
      default:
        return decision satisfies never;
    }
  }
  throw new DuetError(`${paths.folder} comes to no end: see ${paths.log}, and delete the folder to begin anew`);
}

function wanted({ evaluate }: Comparison) {
  // decide() asks for an evaluation only when the comparison does.
  if (evaluate === false) throw new DuetError('an evaluation was decided on that nobody asked for');
  return evaluate;
}

async function train(
  run: PlannedRun,
  paths: RunPaths,
  from: 'nothing' | 'checkpoint',
  stop: AbortSignal,
): Promise<Ended> {
  if (from === 'checkpoint') return runCoordinator(['start', '--resume', paths.folder, '--port', '0'], paths, stop);
  for (const path of [paths.folder, paths.log]) rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(paths.folder), { recursive: true });
  writeWhole(paths.config, `${JSON.stringify(run.given, null, 2)}\n`);
  return runCoordinator(['start', '--config', paths.config, '--out', paths.folder, '--port', '0'], paths, stop);
}

function describe({ code, signal, reason }: Ended, { folder }: RunPaths): string {
  if (signal !== null) return `killed by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}`;
  if (code === 130) return 'stopped from outside';
  return failureReason(folder) ?? (reason || `exit code ${code}`);
}

function bury(paths: RunPaths, during: Failure['during'], reason: string): void {
  const failure: Failure = { during, reason, time: new Date().toISOString() };
  try {
    writeWhole(paths.failure, `${JSON.stringify(failure)}\n`);
  } catch (error) {
    throw new DuetError(`${paths.folder} died (${reason}), and that cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The one place that knows how a run is evaluated: the command, the file it leaves, and what can be evaluated. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuetError } from '../../common/errors.js';
import { openDataset } from '../../gan/data/open.js';
import { EVALUATED_DATA, type Evaluation, evaluationSchema } from '../../gan/metrics/evaluation.js';
import { checkSamples } from '../../gan/metrics/real-reference.js';
import { evaluatedData } from '../evaluation/subject.js';
import { checkpointName } from '../run/checkpoints/checkpoints.js';
import type { PlannedRun } from './plan.js';

export const EVALUATED_NAMES: readonly string[] = EVALUATED_DATA;

export interface EvaluationOptions {
  samples: number;
  seed: number;
}

export function canEvaluate(data: string): boolean {
  return EVALUATED_NAMES.includes(data);
}

/**
 * What every evaluation would refuse at the end of its run is refused before the first run.
 * @param runs at least one of each data set
 * @throws UsageError when a data set has too few samples for its metrics, or they cannot see its images
 */
export async function checkEvaluations(
  runs: readonly Pick<PlannedRun, 'data' | 'training'>[],
  { samples }: EvaluationOptions,
): Promise<void> {
  const first = new Map([...runs].reverse().map((run) => [run.data, run]));
  for (const { training } of runs) evaluatedData({ training });
  for (const { training } of first.values()) {
    const { heldOut } = await openDataset(training.data, training);
    checkSamples(evaluatedData({ training }), heldOut, samples);
  }
}

/** Arguments of `coordinator`. */
export function evaluationArguments(folder: string, { samples, seed }: EvaluationOptions): string[] {
  return ['evaluate', '--run', folder, '--samples', String(samples), '--seed', String(seed)];
}

/**
 * The evaluation of a step, if it was made with these options.
 * @throws DuetError when the file is not an evaluation
 */
export function readEvaluation(folder: string, step: number, options: EvaluationOptions): Evaluation | undefined {
  const path = join(folder, 'evaluation', `${checkpointName(step)}.json`);
  if (!existsSync(path)) return undefined;
  let evaluation: Evaluation;
  try {
    evaluation = evaluationSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new DuetError(`${path} is not an evaluation that this version of Duet wrote: delete it`, { cause: error });
  }
  const isAsked = evaluation.samples === options.samples && evaluation.seed === options.seed;
  return isAsked ? evaluation : undefined;
}

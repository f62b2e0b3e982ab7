/** The one place that knows how a run is evaluated: the command, the file it leaves, and what can be evaluated. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuetError } from '../../common/errors.js';
import { EVALUATED_DATA, type Evaluation, evaluationSchema } from '../../gan/metrics/evaluation.js';
import { checkpointName } from '../run/checkpoints.js';

export const EVALUATED_NAMES: readonly string[] = EVALUATED_DATA;

export interface EvaluationOptions {
  samples: number;
  seed: number;
}

export function canEvaluate(data: string): boolean {
  return EVALUATED_NAMES.includes(data);
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

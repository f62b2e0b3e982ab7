/** Where an evaluation is kept. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Evaluation, evaluationSchema } from '../../gan/metrics/evaluation.js';
import { checkpointName } from '../run/checkpoints/checkpoints.js';
import { type RunDirectory, writeWhole } from '../run/directory.js';
import { storageError } from '../run/storage-error.js';

/** RUN/evaluation/step-000500.json */
export function evaluationFile(directory: RunDirectory, step: number): string {
  return directory.file('evaluation', `${checkpointName(step)}.json`);
}

/** Writes it whole or not at all. @throws DuetError when the disk refuses */
export function writeEvaluation(path: string, evaluation: Evaluation): void {
  const text = `${JSON.stringify(evaluationSchema.parse(evaluation), null, 2)}\n`;
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw storageError(error, dirname(path));
  }
  writeWhole(path, text);
}

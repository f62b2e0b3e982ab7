/** A run's generators as they are in a checkpoint. */
import { UsageError } from '../../common/errors.js';
import { decodeSafetensors } from '../../common/safetensors.js';
import type { NamedArray } from '../../gan/initialise.js';
import { listCheckpoints, readRole } from '../run/checkpoints.js';
import type { RunDirectory } from '../run/directory.js';

const WEIGHTS = 'weights/';

/** @throws UsageError when the run has no such checkpoint */
export function chosenCheckpoint(directory: RunDirectory, step: string | undefined): number {
  const steps = listCheckpoints(directory);
  const newest = steps.at(-1);
  if (newest === undefined) throw new UsageError(`${directory.path} has no checkpoint yet: train it further`);
  if (step === undefined) return newest;
  if (steps.includes(Number(step))) return Number(step);
  throw new UsageError(`${directory.path} has no checkpoint of step ${step}: there are ${steps.join(', ')}`);
}

/** A generator's arrays by the names of its architecture. */
export function generatorWeights(directory: RunDirectory, step: number, role: string): NamedArray[] {
  return decodeSafetensors(readRole(directory, step, role)).arrays.flatMap((array) =>
    array.name.startsWith(WEIGHTS) ? [{ ...array, name: array.name.slice(WEIGHTS.length) }] : [],
  );
}

/** A run's generators as they are in a checkpoint. */
import { UsageError } from '../../common/errors.js';
import { decodeSafetensors } from '../../common/tensors/safetensors.js';
import type { NamedArray } from '../../gan/network/initialise.js';
import { listCheckpoints, readRole } from '../run/checkpoints/checkpoints.js';
import type { RunDirectory } from '../run/directory.js';
import { readBest } from '../run/journal/quality.js';

const WEIGHTS = 'weights/';

/**
 * The step of the checkpoint that a user names.
 *
 * @param step a number; 'best': of the lowest KID; undefined: the newest
 * @throws UsageError when the run has no such checkpoint
 */
export function resolveStep(directory: RunDirectory, step: string | undefined): number {
  const steps = listCheckpoints(directory);
  const newest = steps.at(-1);
  if (newest === undefined) throw new UsageError(`${directory.path} has no checkpoint yet: train it further`);
  if (step === undefined) return newest;
  const wanted = step === 'best' ? bestStep(directory) : Number(step);
  if (steps.includes(wanted)) return wanted;
  throw new UsageError(`${directory.path} has no checkpoint of step ${step}: there are ${steps.join(', ')}`);
}

function bestStep(directory: RunDirectory): number {
  const best = readBest(directory);
  if (best !== undefined) return best.step;
  throw new UsageError(
    `${directory.path} has no best checkpoint, because nothing of it was evaluated: name a step, or leave --step away for the newest`,
  );
}

/** A generator's arrays by the names of its architecture. */
export function generatorWeights(directory: RunDirectory, step: number, role: string): NamedArray[] {
  return decodeSafetensors(readRole(directory, step, role)).arrays.flatMap((array) =>
    array.name.startsWith(WEIGHTS) ? [{ ...array, name: array.name.slice(WEIGHTS.length) }] : [],
  );
}

/** Where a run can go on from: the newest checkpoint of which every byte is as it was written. */
import { UsageError, messageOf } from '../../../common/errors.js';
import type { RunDirectory } from '../directory.js';
import type { Journal } from '../journal/journal.js';
import { listCheckpoints, verifyCheckpoint } from './checkpoints.js';

/**
 * Reads every file of a checkpoint, the newest first, until one is whole.
 *
 * @param passedOver is told of each that is not, and why
 * @returns its step; undefined when none is whole
 */
export function newestGood(
  directory: RunDirectory,
  roles: readonly string[],
  passedOver: (step: number, reason: string) => void,
): number | undefined {
  for (const step of listCheckpoints(directory).reverse()) {
    try {
      verifyCheckpoint(directory, step, roles);
      return step;
    } catch (error) {
      passedOver(step, messageOf(error));
    }
  }
  return undefined;
}

/**
 * For a run that is resumed; a damaged checkpoint is named and passed over. A run that was interrupted before its first
 * one begins at step 0, whose weights follow from the seed.
 *
 * @throws UsageError when there are some and none is whole: what was trained is lost, and the user should know
 */
export function newestGoodCheckpoint(directory: RunDirectory, journal: Journal, roles: readonly string[]): number {
  if (listCheckpoints(directory).length === 0) return 0;
  const step = newestGood(directory, roles, (damaged, reason) => {
    journal.event({ event: 'checkpoint-passed-over', step: damaged, reason });
    process.stderr.write(`${reason}: passed over\n`);
  });
  if (step !== undefined) return step;
  throw new UsageError(`${directory.path} has no whole checkpoint to go on from: start the run anew`);
}

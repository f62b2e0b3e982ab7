import { UsageError, messageOf } from '../../common/errors.js';
import { listCheckpoints, verifyCheckpoint } from './checkpoints.js';
import type { RunDirectory } from './directory.js';
import type { Journal } from './journal.js';

/** Step of the newest checkpoint that is whole; a damaged one is named and passed over. @throws UsageError if none is */
export function newestGoodCheckpoint(directory: RunDirectory, journal: Journal, roles: readonly string[]): number {
  for (const step of listCheckpoints(directory).reverse()) {
    try {
      verifyCheckpoint(directory, step, roles);
      return step;
    } catch (error) {
      const reason = messageOf(error);
      journal.event({ event: 'checkpoint-passed-over', step, reason });
      process.stderr.write(`${reason}: passed over\n`);
    }
  }
  throw new UsageError(`${directory.path} has no checkpoint to go on from: start the run anew`);
}

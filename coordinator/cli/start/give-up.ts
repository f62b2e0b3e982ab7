/** The end of a run whose clean stop does not come to an end. */
import { DuetError } from '../../../common/errors.js';
import { killChildren } from '../../placement/children.js';
import { newestGood } from '../../run/checkpoints/resume.js';
import { removeLeftovers } from '../../run/leftovers.js';
import { type RunStatus, writeStatus } from '../../run/status.js';
import { rolesOf } from '../../training/crew/roles.js';
import type { Run } from '../../training/run.js';

/**
 * Ends what the training has started and leaves a run that can be resumed. Nothing of it is awaited: whatever hangs may hang.
 *
 * @param status undefined: the training has not begun, and nothing is kept
 * @param reason which signal, for people
 * @returns the step of the newest whole checkpoint, if there is one
 */
export function giveUp(run: Run, status: RunStatus | undefined, reason: string): number | undefined {
  const { directory, journal, training } = run;
  killChildren();
  try {
    if (status === undefined) {
      directory.discard();
      return undefined;
    }
    const checkpoint = newestGood(directory, rolesOf(training.generators), (step, why) =>
      journal.event({ event: 'checkpoint-passed-over', step, reason: why }),
    );
    const step = checkpoint ?? 0;
    journal.event({ event: 'run-stopped', step, reason });
    writeStatus(directory, { ...status, state: 'stopped', step, reason });
    removeLeftovers(directory);
    return checkpoint;
  } finally {
    // The training does not know, and goes on until the process ends.
    directory.guardWith(() => {
      throw new DuetError('the run has been given up');
    });
  }
}

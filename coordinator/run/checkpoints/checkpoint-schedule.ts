/** When a checkpoint is due: so many steps or so many seconds after the last one, whichever comes first. */
import type { RunSettings } from '../config/options.js';

export type CheckpointSettings = Pick<RunSettings, 'checkpointEvery' | 'checkpointSeconds' | 'keepEvery'>;

/** Why a checkpoint is due. last: of the run, or before a stop. kept: one that stays for ever. */
export type CheckpointReason = 'last' | 'kept' | 'steps' | 'seconds';

export interface CommittedStep {
  step: number;
  /** True when no step follows. */
  last: boolean;
  /** Milliseconds, of a clock that only goes forward. */
  now: number;
  /** When the last checkpoint was asked for, or training began; by the same clock. */
  since: number;
}

/**
 * Time decides when states are written, never what is in them: a run's bits are the same whatever its checkpoints.
 *
 * @returns undefined when none is due
 */
export function checkpointDue(
  { checkpointEvery, checkpointSeconds, keepEvery }: CheckpointSettings,
  { step, last, now, since }: CommittedStep,
): CheckpointReason | undefined {
  if (last) return 'last';
  if (staysForEver(step, keepEvery)) return 'kept';
  if (step % checkpointEvery === 0) return 'steps';
  if (checkpointSeconds > 0 && now - since >= checkpointSeconds * 1000) return 'seconds';
  return undefined;
}

/** @param keepEvery 0: none does */
export function staysForEver(step: number, keepEvery: number): boolean {
  return keepEvery > 0 && step % keepEvery === 0;
}

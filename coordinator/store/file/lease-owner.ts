/** Whether the owner of a lease is still at work. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { livesHere, nameOf } from '../owner.js';
import { type FoundLease, newestLease, renewedAt } from './lease-file.js';

/** An owner that cannot be looked up and has not renewed its lease for so long is dead. */
const SILENCE_MS = 60_000;
const POLL_MS = 250;

/**
 * A process of this host can be looked up, where the system tells when it started. Of another one only its renewals are seen,
 * and not by which clock they are dated: it lives when one comes within a minute, by the clock of this process.
 *
 * @param waiting called when that has to be waited for
 */
export async function isAtWork(
  found: FoundLease,
  waiting: (text: string) => void,
  silenceMs = SILENCE_MS,
): Promise<boolean> {
  const { path, record } = found;
  const lives = record === undefined ? undefined : livesHere(record);
  if (lives !== undefined) return lives;
  const last = renewedAt(path);
  waiting(`looking whether the coordinator ${nameOf(record)} still drives this run (at most ${silenceMs / 1000} s)`);
  for (const since = performance.now(); performance.now() - since < silenceMs; await sleep(POLL_MS)) {
    if (renewedAt(path) === last) continue;
    // Renewed, released, or taken by a third: the newest lease tells.
    const now = newestLease(dirname(path));
    return now === undefined || now.record?.released === undefined;
  }
  return false;
}

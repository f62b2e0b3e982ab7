/** Whether the owner of a lease is still at work. */
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processSpace, startOf } from '../../../common/process-stat.js';
import { type FoundLease, type LeaseRecord, newestLease, renewedAt } from './lease-file.js';

/** An owner on another host that has not renewed its lease for so long is dead. */
const SILENCE_MS = 60_000;
const POLL_MS = 250;

/** host/pid */
export function nameOf(record: LeaseRecord | undefined): string {
  return record === undefined ? 'of an unknown host' : `${record.host}/${record.pid}`;
}

/**
 * A process of this host can be looked up. Of another one only its renewals are seen, and not by which clock they are dated:
 * it lives when one comes within a minute, by the clock of this process.
 *
 * @param waiting called when that has to be waited for
 */
export async function isAtWork(
  found: FoundLease,
  waiting: (text: string) => void,
  silenceMs = SILENCE_MS,
): Promise<boolean> {
  const { path, record } = found;
  if (record !== undefined && record.host === hostname() && record.space === processSpace()) {
    // Where the start time cannot be told, any process of that id must be taken for the owner.
    return startOf(record.pid) === record.started;
  }
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

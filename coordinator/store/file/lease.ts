/**
 * The lease of a run directory: one coordinator drives a run (docs/adr/0016). `lease.TERM.json` names its owner; the file
 * with the highest term counts. It is made by linking a whole file to a name that must not exist, so one of several
 * coordinators gets a term, on a shared file system, too. The terms only grow: they tell a later coordinator from an earlier.
 */
import { randomBytes } from 'node:crypto';
import { constants, copyFileSync, linkSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { LeaseLostError } from '../../../common/errors.js';
import { writeWhole } from '../../run/directory.js';
import { type LeaseRecord, inUse, recordOf, takenOver } from '../owner.js';
import { leaseFile, newestLease, removeLeasesBelow } from './lease-file.js';
import { isAtWork } from './lease-owner.js';
import type { Lease, LeaseOptions } from '../run-store.js';
import { storageError } from '../../run/storage-error.js';
import { syncFolder, writeSynced } from '../../run/sync.js';

/** The owner touches its file this often, for those on other hosts; and sees by it that the file has been taken away. */
const BEAT_MS = 2000;

/**
 * Waits at most a minute, and only for an owner on another host: it may be seen to live.
 *
 * @param folder the run directory
 * @throws UsageError when a coordinator is at work on this run
 */
export async function acquireLease(folder: string, { takeOver, waiting }: LeaseOptions): Promise<FileLease> {
  for (;;) {
    const found = newestLease(folder);
    if (found !== undefined && found.record?.released === undefined && !takeOver && (await isAtWork(found, waiting))) {
      throw inUse(folder, found.record);
    }
    const lease = claim(folder, (found?.term ?? 0) + 1);
    if (lease !== undefined) return lease;
    // Another one was quicker; it lives, most likely.
  }
}

/** @returns undefined when another coordinator has this term, or a higher one */
function claim(folder: string, term: number): FileLease | undefined {
  const record = recordOf(term);
  const path = leaseFile(folder, term);
  try {
    if (!makeWhole(path, `${JSON.stringify(record, null, 2)}\n`)) return undefined;
    // One that had looked before a later term came, and slept until the earlier ones were gone, has come too late.
    if (newestLease(folder)?.term !== term) {
      rmSync(path, { force: true });
      return undefined;
    }
    // From here on the owner of an earlier term finds its file gone.
    removeLeasesBelow(folder, term);
    syncFolder(folder);
  } catch (error) {
    throw storageError(error, path);
  }
  return new FileLease(folder, record);
}

/** File systems without hard links (EISDIR: FAT in Windows); a copy to a new name is exclusive as well, but for a moment it is not whole. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR']);

/** @returns false when the file is there already */
function makeWhole(path: string, content: string): boolean {
  // Two threads, or two containers, may have the same process id.
  const temporary = join(path, '..', `.lease-${randomBytes(4).toString('hex')}.${process.pid}.tmp`);
  try {
    writeSynced(temporary, content, 'wx');
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      copyFileSync(temporary, path, constants.COPYFILE_EXCL);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Held from `acquireLease` on; disposing of it releases it. */
export class FileLease implements Lease, Disposable {
  readonly #folder: string;
  readonly #path: string;
  readonly #record: LeaseRecord;
  readonly #lost = new AbortController();
  readonly #beat: NodeJS.Timeout;

  constructor(folder: string, record: LeaseRecord) {
    this.#folder = folder;
    this.#path = leaseFile(folder, record.term);
    this.#record = record;
    this.#beat = setInterval(() => this.#renew(), BEAT_MS).unref();
  }

  /** Grows by one with every coordinator of the run: 1 is the first. */
  get term(): number {
    return this.#record.term;
  }

  /** Aborted when it is seen to be lost, at the latest two seconds after this process runs again. The reason is a LeaseLostError. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * To be called before every write: one look at the file's name, some microseconds.
   *
   * @throws LeaseLostError when another coordinator has the run
   */
  assertHeld(): void {
    if (!this.#lost.signal.aborted && statSync(this.#path, { throwIfNoEntry: false }) !== undefined) return;
    this.#lost.abort(this.#lost.signal.aborted ? undefined : this.#lossOf());
    throw this.#lost.signal.reason as LeaseLostError;
  }

  /** The term stays, so that the next one is higher. */
  [Symbol.dispose](): void {
    clearInterval(this.#beat);
    try {
      this.assertHeld();
      const released = { ...this.#record, released: new Date().toISOString() };
      writeWhole(this.#path, `${JSON.stringify(released, null, 2)}\n`);
    } catch {
      // It is lost, or went with its folder; one that cannot be released is that of a dead process in a moment.
    }
  }

  #renew(): void {
    try {
      const now = new Date();
      utimesSync(this.#path, now, now);
    } catch {
      try {
        this.assertHeld();
      } catch {
        clearInterval(this.#beat);
      }
    }
  }

  #lossOf(): LeaseLostError {
    const newest = newestLease(this.#folder);
    if (newest === undefined || newest.term <= this.term) {
      return new LeaseLostError(
        `the lease of this run (${this.#path}) is gone, so another coordinator could start: this one stops and writes nothing more`,
      );
    }
    return takenOver(newest.record);
  }
}

/** What a power cut must not undo. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/** A folder cannot be opened or synced everywhere (Windows, some network file systems); there the system's own care must do. */
const NOT_HERE = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF']);

/** A file with this content, all of it on the disk. @param flags w, or wx for one that must not exist @throws what the disk says */
export function writeSynced(path: string, content: string | Uint8Array, flags: 'w' | 'wx' = 'w'): void {
  const file = openSync(path, flags);
  try {
    for (let bytes = Buffer.from(content as Uint8Array); bytes.length > 0;)
      bytes = bytes.subarray(writeSync(file, bytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes the names in a folder last: a file that was renamed into it is there after a power cut only when the folder itself
 * has reached the disk.
 *
 * @throws what the disk says
 */
export function syncFolder(path: string): void {
  let folder: number | undefined;
  try {
    folder = openSync(path, 'r');
    fsyncSync(folder);
  } catch (error) {
    if (!NOT_HERE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}

/** What a coordinator that was killed in mid-write leaves behind. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDirectory } from './directory.js';
import { storageError } from './storage-error.js';

/** Of a checkpoint being deleted or written (checkpoints.ts, numbered), and of a file being written (writeWhole, with the process's id). */
const TEMPORARY = /^\.(step-\d+\.old|.+\.\d+)\.tmp$/;

/**
 * Deletes the temporary files and folders below a run directory. Only for the run's one coordinator: those of another would
 * be in use.
 *
 * @returns their paths
 */
export function removeLeftovers(directory: RunDirectory): string[] {
  const removed: string[] = [];
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (TEMPORARY.test(entry.name)) {
        rmSync(path, { recursive: true, force: true });
        removed.push(path);
      } else if (entry.isDirectory()) visit(path);
    }
  };
  try {
    visit(directory.path);
  } catch (error) {
    throw storageError(error, directory.path);
  }
  return removed;
}

/** Stores for tests, and what is in the directories that work with them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DOCUMENTS, LOGS } from '../../../coordinator/run/directory-observer.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { openNatsStore } from '../../../coordinator/store/nats/nats-store.js';
import type { RunStore, StoredRun } from '../../../coordinator/store/run-store.js';
import { until } from '../runs/run.js';

/** Nobody is told of a wait. */
export const QUIET = { takeOver: false, waiting: () => {} };
export const TAKE_OVER = { takeOver: true, waiting: () => {} };

/** What a store keeps of a directory: path and content. */
export function contentOf(directory: RunDirectory): Record<string, string> {
  const files = [...LOGS, ...DOCUMENTS].filter((name) => existsSync(directory.file(name)));
  for (const folder of ['checkpoints', 'samples']) {
    const below = readdirSync(directory.file(folder), { recursive: true, withFileTypes: true });
    for (const entry of below) {
      const path = join(entry.parentPath, entry.name).slice(directory.path.length + 1);
      if (entry.isFile() && !path.includes('.tmp')) files.push(path as never);
    }
  }
  // Latin-1 has a character for every byte. An empty log is as good as none.
  const all = files.sort().map((file) => [file, readFileSync(directory.file(file), 'latin1')] as const);
  return Object.fromEntries(all.filter(([, content]) => content !== ''));
}

export async function natsStore(url: string): Promise<RunStore> {
  return await openNatsStore({ url, waiting: () => {}, startMs: 5000 });
}

/** A directory of a run of this id, beside others of the same. */
export function copyOf(scratch: string, id: string, copy: string): RunDirectory {
  return RunDirectory.openOrCreate(join(scratch, copy, id));
}

/** Resolves when the store has all. */
export async function settle(run: StoredRun): Promise<void> {
  await run.settled(AbortSignal.timeout(30_000));
}

/** Why it was lost. */
export async function lossOf({ lease: { lost } }: StoredRun): Promise<unknown> {
  await until('the loss of the lease', () => lost.aborted);
  return lost.reason;
}

/** The default: the run directory is the run, and nothing needs to be brought anywhere. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunDirectory } from '../../run/directory.js';
import type { LeaseOptions, RunStore, StoredRun } from '../run-store.js';
import { acquireLease } from './lease.js';

/** @param parent folder in which runs of that id are looked for */
export function fileStore(parent: string): RunStore {
  return {
    name: 'file',
    has: (id) => Promise.resolve(existsSync(join(parent, id, 'config.json'))),
    open,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function open(directory: RunDirectory, options: LeaseOptions): Promise<StoredRun> {
  const lease = await acquireLease(directory.path, options);
  directory.guardWith(() => lease.assertHeld());
  return {
    lease,
    lag: { writes: 0, seconds: 0, reason: '' },
    settled: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => {
      lease[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** The run's directory, with its lease, and the store that it lasts in. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { UsageError } from '../../../common/errors.js';
import { RunDirectory } from '../../run/directory.js';
import { fileStore } from '../../store/file/file-store.js';
import { openStore } from '../../store/open-store.js';
import type { Lease, LeaseOptions, RunStore, StoredRun } from '../../store/run-store.js';
import type { Plan } from './plan.js';

/** Nobody else writes to it until it is disposed of. */
export interface OpenedDirectory extends AsyncDisposable {
  directory: RunDirectory;
  /** For people. */
  store: string;
  stored: StoredRun;
}

/**
 * Makes the directory, or opens it, and takes the run's lease: nothing else of a run is written without it.
 *
 * @throws UsageError when a coordinator is at work on the run, or its store cannot be used
 */
export async function openDirectory(
  plan: Plan,
  out: string | undefined,
  options: LeaseOptions,
): Promise<OpenedDirectory> {
  const { training, settings } = plan;
  const directory = plan.directory ?? RunDirectory.create(out ?? defaultFolder(training.system, training.data));
  let store: RunStore | undefined;
  try {
    store = await openStore(settings, dirname(directory.path), options.waiting);
    const opened = await lease(plan, directory, store, options);
    return opened;
  } catch (error) {
    await store?.[Symbol.asyncDispose]();
    if (!existsSync(directory.file('config.json'))) directory.discard();
    throw error;
  }
}

async function lease(
  { mode, settings }: Plan,
  directory: RunDirectory,
  store: RunStore,
  options: LeaseOptions,
): Promise<OpenedDirectory> {
  const elsewhere = settings.store !== 'file';
  if (elsewhere && mode === 'new' && (await store.has(directory.id))) {
    throw new UsageError(
      `${store.name} holds a run ${directory.id} already: go on with it by --continue, or choose another --out`,
    );
  }
  const stored = await store.open(directory, options);
  // Whoever looks at a working copy sees by its own lease whether somebody drives the run. It follows the store's.
  const local = elsewhere ? await leaseCopy(directory, stored.lease) : undefined;
  return {
    directory,
    store: store.name,
    stored,
    async [Symbol.asyncDispose]() {
      await local?.[Symbol.asyncDispose]();
      await stored[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function leaseCopy(directory: RunDirectory, lease: Lease): Promise<StoredRun> {
  const copy = await fileStore('').open(directory, { takeOver: true, waiting: () => {} });
  directory.guardWith(() => {
    lease.assertHeld();
    copy.lease.assertHeld();
  });
  return copy;
}

/** runs/2026-11-24T13-22-38-pggan-mnist */
function defaultFolder(system: string, data: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const name = basename(data);
  return `runs/${time}-${system}-${name.replaceAll(/[^\w.-]/g, '_')}`;
}

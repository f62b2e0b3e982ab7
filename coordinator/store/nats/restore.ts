/** From a store into a directory: a run as it was at one moment. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { LOGS } from '../../run/directory-observer.js';
import { type RunDirectory, writeWhole } from '../../run/directory.js';
import { downloadCheckpoint } from './checkpoint-objects.js';
import type { ReadStream } from './log-messages.js';
import { ObjectDamagedError, type Objects } from './objects.js';
import type { RunState } from './state.js';

export interface Stored {
  state: RunState;
  stream: ReadStream;
  objects: Objects;
}

/**
 * Everything but the config: the directory holds no run before `restoreDocuments`.
 *
 * @param passedOver told of a checkpoint that is damaged
 * @returns the steps of the checkpoints that are there now
 */
export async function restoreFiles(
  directory: RunDirectory,
  { state, stream, objects }: Stored,
  passedOver: (step: number, reason: string) => void,
): Promise<number[]> {
  clear(directory);
  for (const log of LOGS) {
    const content = stream.log(log);
    if (content.length > 0) writeWhole(directory.file(log), content);
  }
  const steps: number[] = [];
  // The newest first: it is what matters, and in a run that goes on the old ones may be gone by the time of their turn.
  for (const { step, folder } of state.checkpoints.toReversed()) {
    try {
      await downloadCheckpoint(objects, directory, step, folder);
      steps.push(step);
    } catch (error) {
      if (!(error instanceof ObjectDamagedError)) throw error;
      passedOver(step, error.message);
    }
  }
  for (const [path, object] of stream.pictures) await restorePicture(directory, objects, path, object);
  return steps.reverse();
}

/** The config last: with it the directory holds the run. */
export function restoreDocuments(directory: RunDirectory, { documents }: RunState): void {
  for (const name of ['best.json', 'run.json', 'config.json'] as const) {
    const text = documents[name];
    if (text !== undefined) writeWhole(directory.file(name), text);
  }
}

/** One that is not there any more is no loss. */
async function restorePicture(directory: RunDirectory, objects: Objects, path: string, object: string): Promise<void> {
  // It becomes a path of this machine.
  if (!/^samples\/[\w-]+\.png$/.test(path)) return;
  try {
    const content = await objects.get(object);
    mkdirSync(dirname(directory.file(path)), { recursive: true });
    writeWhole(directory.file(path), content);
  } catch (error) {
    if (!(error instanceof ObjectDamagedError)) throw error;
  }
}

/** What is in the store's stead. The config first: without it there is no run. */
function clear(directory: RunDirectory): void {
  for (const name of ['config.json', 'run.json', 'best.json', ...LOGS]) rmSync(directory.file(name), { force: true });
  for (const folder of ['samples', 'checkpoints']) {
    rmSync(directory.file(folder), { recursive: true, force: true });
    mkdirSync(directory.file(folder), { recursive: true });
  }
}

/** Paths of the pictures that the directory has. */
export function picturesIn(directory: RunDirectory): string[] {
  const folder = directory.file('samples');
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => /^[\w-]+\.png$/.test(name))
    .map((name) => `samples/${name}`);
}

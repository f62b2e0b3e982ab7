/** From a directory into the store: what it lacks of a run, so that it has the same. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { checkpointName, listCheckpoints } from '../../run/checkpoints/checkpoints.js';
import { MANIFEST } from '../../run/checkpoints/manifest.js';
import { DOCUMENTS, LOGS, type LogName } from '../../run/directory-observer.js';
import type { RunDirectory } from '../../run/directory.js';
import type { Mirror } from './mirror.js';
import { ObjectDamagedError } from './objects.js';
import { type Stored, picturesIn } from './restore.js';

/**
 * In an order in which what is there of it makes sense at any time: away with the checkpoints that are no more, then the
 * logs, the checkpoints that build upon them, and the documents.
 */
export async function pushDirectory(directory: RunDirectory, mirror: Mirror, stored: Stored): Promise<void> {
  const steps = listCheckpoints(directory);
  const missing: number[] = [];
  for (const { step, folder } of stored.state.checkpoints) {
    if (!(await isSame(directory, stored, step, folder))) await mirror.removeCheckpoint(step);
  }
  for (const step of steps) {
    const listed = stored.state.checkpoints.find((other) => other.step === step);
    if (listed === undefined || !(await isSame(directory, stored, step, listed.folder))) missing.push(step);
  }
  for (const log of LOGS) {
    const change = difference(stored.stream.log(log), readLog(directory, log));
    if (change !== undefined) await mirror.log({ log, ...change });
  }
  for (const path of picturesIn(directory)) if (!stored.stream.pictures.has(path)) await mirror.addPicture(path);
  for (const step of missing) await mirror.addCheckpoint(step);
  for (const name of DOCUMENTS.toReversed()) {
    const text = existsSync(directory.file(name)) ? readFileSync(directory.file(name), 'utf8') : undefined;
    if (text !== stored.state.documents[name]) await mirror.document(name, text);
  }
}

/** A line that a crash cut off gets an end: what is appended after it is a line of its own, here as in the store. */
export function endLines(directory: RunDirectory): void {
  for (const log of LOGS) {
    const content = readLog(directory, log);
    if (content.length > 0 && content.at(-1) !== 0x0a) appendFileSync(directory.file(log), '\n');
  }
}

export function readLog(directory: RunDirectory, log: LogName): Buffer {
  return existsSync(directory.file(log)) ? readFileSync(directory.file(log)) : Buffer.alloc(0);
}

/** What makes `was` into `is`: cut at the end of the last line that both have. */
function difference(was: Buffer, is: Buffer): { keep?: number; text: string } | undefined {
  if (was.equals(is)) return undefined;
  let same = 0;
  const most = Math.min(was.length, is.length);
  while (same < most && was[same] === is[same]) same += 1;
  const keep = same === 0 ? 0 : was.lastIndexOf(0x0a, same - 1) + 1;
  const text = is.subarray(keep).toString('utf8');
  return keep === was.length ? { text } : { keep, text };
}

/** By its manifest, which has the sha256 of every file. */
async function isSame(directory: RunDirectory, { objects }: Stored, step: number, folder: string): Promise<boolean> {
  const file = directory.file('checkpoints', checkpointName(step), MANIFEST);
  if (!existsSync(file)) return false;
  try {
    return (await objects.get(`${folder}/${MANIFEST}`)).equals(readFileSync(file));
  } catch (error) {
    if (error instanceof ObjectDamagedError) return false;
    throw error;
  }
}

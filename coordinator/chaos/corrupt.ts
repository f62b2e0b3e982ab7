/** Damages a checkpoint by one bit, as a bad disk would. */
import { closeSync, fsyncSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type RandomStream, uniform } from '../../gan/random.js';
import { checkpointName, listCheckpoints } from '../run/checkpoints/checkpoints.js';
import type { RunDirectory } from '../run/directory.js';

/**
 * Flips one bit of one file of the newest checkpoint; file, byte and bit follow from `stream`.
 *
 * @returns the file, from the run directory on; undefined when there is no checkpoint yet
 */
export function corruptNewestCheckpoint(directory: RunDirectory, stream: RandomStream): string | undefined {
  // A coordinator whose run was taken over damages nothing of its successor's.
  directory.assertWritable();
  const step = listCheckpoints(directory).at(-1);
  if (step === undefined) return undefined;
  const draw = (count: number) => Math.floor(uniform(stream) * count);
  const folder = join('checkpoints', checkpointName(step));
  const files = readdirSync(directory.file(folder)).sort();
  const file = join(folder, files[draw(files.length)] as string);
  const bytes = readFileSync(directory.file(file));
  const position = draw(bytes.length);
  flip(directory.file(file), position, (bytes[position] as number) ^ (1 << draw(8)));
  return file;
}

/** In place: the file keeps its size and its times but for the last change, as with a bad disk. */
function flip(path: string, position: number, value: number): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, Uint8Array.of(value), 0, 1, position);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

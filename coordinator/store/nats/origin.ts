/** store.json of a directory: of which run of a store it is a working copy, and how far it followed. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type RunDirectory, writeWhole } from '../../run/directory.js';

const FILE = 'store.json';

const originSchema = z.object({
  /** For people. */
  store: z.string(),
  /** See `RunState.run`. */
  run: z.string(),
  /** Of the coordinator that worked in it last; 0: it is a copy that nobody worked in. */
  term: z.int().min(0),
});
export type Origin = z.output<typeof originSchema>;

/** @returns undefined when it has never been a working copy */
export function readOrigin(directory: RunDirectory): Origin | undefined {
  if (!existsSync(directory.file(FILE))) return undefined;
  try {
    return originSchema.parse(JSON.parse(readFileSync(directory.file(FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

export function writeOrigin(directory: RunDirectory, origin: Origin): void {
  writeWhole(directory.file(FILE), `${JSON.stringify(origin, null, 2)}\n`);
}

/** What tests fetch or build once a machine: a folder in the user's cache, beside the engine. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../../gan/engine/prepare/prepared.js';

/** Where it lies, there or not. @param parts its path in the cache; the last one names its version and what it was made from */
export function cachedFolder(...parts: string[]): string {
  return join(cacheFolder(process.env), ...parts);
}

/** Makes a folder of the cache if it is not there: as another one that is moved into place when it is whole. */
export async function cached(folder: string, make: (staging: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  const staging = `${folder}.${process.pid}.tmp`;
  mkdirSync(dirname(folder), { recursive: true });
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging);
  try {
    await make(staging);
    renameSync(staging, folder);
  } catch (error) {
    // Another process may have been quicker.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return folder;
}

/** Where a prepared engine lies, and how to tell that it is whole. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import envPaths from 'env-paths';

export type Flavour = 'cpu' | 'cuda';

export const TENSORFLOW = '2.21.0';

export interface PreparedEngine {
  /** One folder holds all of it, outside node_modules, where `npm ci` would delete it. */
  directory: string;
  /** Path of the addon. */
  addon: string;
  flavour: Flavour;
  tensorflow: typeof TENSORFLOW;
  /** Folders that a process must have on LD_LIBRARY_PATH before it starts; for CUDA only. */
  libraryPath: string[];
}

/** engine.json: written last, so that a folder that has it is whole. */
export interface EngineRecord {
  /** sha256 of what the addon was built from: its sources, the flags, the wheel. */
  recipe: string;
  /** Bytes of each file, by name. */
  files: Record<string, number>;
  libraryPath: string[];
}

export const RECORD = 'engine.json';
export const ADDON = 'tfjs_binding.node';

/** DUET_CACHE, or the system's folder for caches. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return env['DUET_CACHE'] ?? envPaths('duet', { suffix: '' }).cache;
}

export function engineFolder(env: NodeJS.ProcessEnv, flavour: Flavour): string {
  return join(cacheFolder(env), 'engine', `tensorflow-${TENSORFLOW}-${flavour}-${process.platform}-${process.arch}`);
}

/** The engine in the cache, if it is there, whole, and built by this recipe. Looks at sizes only: milliseconds. */
export function findPrepared(env: NodeJS.ProcessEnv, flavour: Flavour, recipe: string): PreparedEngine | undefined {
  const directory = engineFolder(env, flavour);
  try {
    const record = JSON.parse(readFileSync(join(directory, RECORD), 'utf8')) as EngineRecord;
    if (record.recipe !== recipe) return undefined;
    const whole = Object.entries(record.files).every(([name, bytes]) => statSync(join(directory, name)).size === bytes);
    if (!whole) return undefined;
    return {
      directory,
      addon: join(directory, ADDON),
      flavour,
      tensorflow: TENSORFLOW,
      libraryPath: record.libraryPath.map((folder) => join(directory, folder)),
    };
  } catch {
    // Not there, or half-written by something that is not us: prepared anew.
    return undefined;
  }
}

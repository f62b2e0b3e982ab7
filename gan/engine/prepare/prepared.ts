/** Where a prepared engine lies, and how to tell that it is whole. */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
  /** Folders that a process should have on LD_LIBRARY_PATH before it starts; for CUDA only. */
  libraryPath: string[];
}

/** engine.json: written last, so that a folder that has it is whole. */
export interface EngineRecord {
  tensorflow: string;
  flavour: Flavour;
  /** The wheel that the libraries came out of. */
  wheel: { requirement: string; file: string; sha256: string };
  /** sha256 of what the addon was compiled from: its sources and the flags. Another one recompiles the addon only. */
  recipe: string;
  /** The program that compiled it. */
  compiler: string;
  /** File names of NVIDIA's wheels, for CUDA only. */
  cudaWheels: string[];
  /** Bytes of each file, by its path in the folder. */
  files: Record<string, number>;
  /** Folders in the folder. */
  libraryPath: string[];
}

export const RECORD = 'engine.json';
/**
 * The libraries and the addon lie as in site-packages, beside nvidia/: the CUDA build of TensorFlow looks for CUDA
 * in $ORIGIN/../nvidia/<part>/lib, so that even a process without LD_LIBRARY_PATH can find it.
 */
export const LIBRARY_FOLDER = 'tensorflow';
export const ADDON = `${LIBRARY_FOLDER}/tfjs_binding.node`;

/** DUET_CACHE, or the system's folder for caches. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const chosen = env['DUET_CACHE'];
  return chosen ? resolve(chosen) : envPaths('duet', { suffix: '' }).cache;
}

export function engineFolder(env: NodeJS.ProcessEnv, flavour: Flavour): string {
  return join(cacheFolder(env), 'engine', `tensorflow-${TENSORFLOW}-${flavour}-${process.platform}-${process.arch}`);
}

/** The record of a folder whose files are all there, by their sizes: a look of milliseconds, nothing is hashed. */
export function readWhole(directory: string): EngineRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(directory, RECORD), 'utf8')) as EngineRecord;
    const whole = Object.entries(record.files).every(([name, bytes]) => statSync(join(directory, name)).size === bytes);
    return whole && record.wheel !== undefined ? record : undefined;
  } catch {
    // Not there, or half-written by something that is not us: prepared anew.
    return undefined;
  }
}

export function describePrepared(directory: string, record: EngineRecord): PreparedEngine {
  return {
    directory,
    addon: join(directory, ADDON),
    flavour: record.flavour,
    tensorflow: TENSORFLOW,
    libraryPath: record.libraryPath.map((folder) => join(directory, folder)),
  };
}

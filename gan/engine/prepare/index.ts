/**
 * Prepares the native engine: TensorFlow's C library out of its Python wheel, and tfjs-node's addon compiled against it.
 * Everything lands in one folder of the user's cache, put together under a temporary name and renamed at the end.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildAddon, recipeOf, unpackWheel } from './build-addon.js';
import { addCudaLibraries } from './cuda-libraries.js';
import { isAlive, lock } from './lock.js';
import { type EngineRecord, type Flavour, type PreparedEngine, RECORD, engineFolder, findPrepared } from './prepared.js';
import { assertRoom, findTools } from './requirements.js';
import { downloadWheel, wheelFor } from './wheels.js';

export interface PrepareProgress {
  phase: 'waiting' | 'downloading' | 'unpacking' | 'compiling' | 'done';
  /** 0 to 1, while downloading. */
  fraction?: number;
  detail: string;
}

export interface PrepareOptions {
  flavour: Flavour;
  env: NodeJS.ProcessEnv;
  onProgress?: (progress: PrepareProgress) => void;
  signal?: AbortSignal;
  /** Prepare anew even if it is there. */
  rebuild?: boolean;
}

/** The engine if it is ready, within milliseconds and without side effects. */
export function findPreparedEngine({ flavour, env }: Pick<PrepareOptions, 'flavour' | 'env'>): PreparedEngine | undefined {
  return findPrepared(env, flavour, recipeOf(flavour));
}

/** @throws EngineError when something is missing, with its cure */
export async function prepareEngine(options: PrepareOptions): Promise<PreparedEngine> {
  const ready = options.rebuild ? undefined : findPreparedEngine(options);
  if (ready !== undefined) return ready;
  const { flavour, env, onProgress = () => {}, signal } = options;
  const target = engineFolder(env, flavour);
  mkdirSync(dirname(target), { recursive: true });
  const waiting = () => onProgress({ phase: 'waiting', detail: 'another process prepares the engine' });
  using _lock = await lock(`${target}.lock`, waiting, signal);
  const meanwhile = options.rebuild ? undefined : findPreparedEngine(options);
  if (meanwhile !== undefined) return meanwhile;
  removeLeftovers(target);
  const staging = `${target}.${process.pid}.tmp`;
  mkdirSync(staging);
  try {
    await prepareIn(staging, { ...options, onProgress });
    rmSync(target, { recursive: true, force: true });
    renameSync(staging, target);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
  onProgress({ phase: 'done', detail: target });
  const prepared = findPreparedEngine(options);
  if (prepared === undefined) throw new Error(`the engine was prepared in ${target}, yet is not whole`);
  return prepared;
}

async function prepareIn(staging: string, options: PrepareOptions & { onProgress(progress: PrepareProgress): void }) {
  const { flavour, env, onProgress, signal } = options;
  const command = { env, signal };
  const tools = await findTools(command);
  await assertRoom(staging, flavour);
  const expected = wheelFor(flavour);
  const onBytes = (bytes: number) =>
    onProgress({
      phase: 'downloading',
      fraction: Math.min(1, bytes / expected.bytes),
      detail: `TensorFlow's library (${expected.requirement}), ${Math.round(bytes / 1e6)} of ${Math.round(expected.bytes / 1e6)} MB`,
    });
  onBytes(0);
  const download = join(staging, 'download');
  mkdirSync(download);
  const wheel = await downloadWheel(expected, download, { ...command, onBytes });
  onProgress({ phase: 'unpacking', detail: 'two libraries and their headers' });
  await unpackWheel(wheel, staging, command);
  const libraryPath = flavour === 'cuda' ? [await addCudaLibraries(wheel, staging, command)] : [];
  rmSync(download, { recursive: true });
  onProgress({ phase: 'compiling', detail: `the addon, with ${tools.compiler}` });
  const names = await buildAddon(staging, tools, command);
  const record: EngineRecord = {
    recipe: recipeOf(flavour),
    files: Object.fromEntries(names.map((name) => [name, statSync(join(staging, name)).size])),
    libraryPath,
  };
  writeFileSync(join(staging, RECORD), JSON.stringify(record, null, 2));
}

/** What a process that died while preparing has left. */
function removeLeftovers(target: string): void {
  const folder = dirname(target);
  for (const name of readdirSync(folder)) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

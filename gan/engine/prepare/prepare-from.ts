/** Finds or prepares the engine of one wheel: the lock around the steps, and the move into place at their end. */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EngineError, messageOf } from '../../../common/errors.js';
import { lock } from '../../../common/process/lock.js';
import { recipe } from './build-addon.js';
import { type EngineRecord, type PreparedEngine, describePrepared, engineFolder, readWhole } from './prepared.js';
import { type StepOptions, buildEngine, rebuildAddon } from './steps.js';
import type { Wheel } from './wheels.js';

export interface FromOptions extends StepOptions {
  /** Prepare anew even if it is there. */
  rebuild?: boolean | undefined;
}

export function findFrom({
  flavour,
  env,
  wheel,
}: Pick<StepOptions, 'flavour' | 'env' | 'wheel'>): PreparedEngine | undefined {
  const directory = engineFolder(env, flavour);
  const record = readUsable(directory, wheel);
  return record !== undefined && record.recipe === recipe() ? describePrepared(directory, record) : undefined;
}

/** @throws EngineError */
export async function prepareFrom(options: FromOptions): Promise<PreparedEngine> {
  const find = () => (options.rebuild ? undefined : findFrom(options));
  const ready = find();
  if (ready !== undefined) return ready;
  const target = engineFolder(options.env, options.flavour);
  makeFolder(dirname(target));
  using _lock = await lock(`${target}.lock`, () => tellWaiting(options), options.signal);
  // Another process may have prepared it while this one waited.
  const meanwhile = find();
  if (meanwhile !== undefined) return meanwhile;
  removeLeftovers(target);
  await prepareInto(target, options);
  options.onProgress({ phase: 'done', detail: target });
  const prepared = findFrom(options);
  if (prepared === undefined)
    throw new EngineError(`the engine was prepared in ${target}, yet is not whole: try again`);
  return prepared;
}

async function prepareInto(target: string, options: FromOptions): Promise<void> {
  const staging = `${target}.${process.pid}.tmp`;
  mkdirSync(staging);
  try {
    const record = options.rebuild ? undefined : readUsable(target, options.wheel);
    if (record !== undefined) return await rebuildAddon(target, record, staging, options);
    await buildEngine(staging, options);
    // Processes that have the old one loaded keep it until they end.
    const old = `${target}.old.tmp`;
    renameIfThere(target, old);
    renameSync(staging, target);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** A whole engine of this very wheel, whatever addon it has. */
function readUsable(directory: string, { requirement, sha256 }: Wheel): EngineRecord | undefined {
  const record = readWhole(directory);
  if (record === undefined || record.wheel.requirement !== requirement) return undefined;
  return sha256 === undefined || record.wheel.sha256 === sha256 ? record : undefined;
}

function tellWaiting({ onProgress }: StepOptions): void {
  onProgress({ phase: 'waiting', detail: 'another process prepares the engine' });
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new EngineError(
      `the native engine's folder cannot be made (${messageOf(error)}): set DUET_CACHE to a folder that can be written`,
      { cause: error },
    );
  }
}

/** What processes that died while preparing have left. Whoever holds the lock is alone: nobody else's work is hit. */
function removeLeftovers(target: string): void {
  const folder = dirname(target);
  const leftovers = readdirSync(folder).filter(
    (name) => name.startsWith(`${basename(target)}.`) && name.endsWith('.tmp'),
  );
  for (const name of leftovers) rmSync(join(folder, name), { recursive: true, force: true });
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

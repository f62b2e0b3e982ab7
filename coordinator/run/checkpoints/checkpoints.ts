/**
 * Checkpoints: checkpoints/step-000500/ with a safetensors file a role and a manifest of their sha256.
 * A checkpoint is put together under a temporary name and renamed when all roles are in: it is complete or it does not exist.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DuetError, RefusedError, messageOf } from '../../../common/errors.js';
import { whenFree } from '../../../common/process/when-free.js';
import type { RunSettings } from '../config/options.js';
import { type RunDirectory, writeWhole } from '../directory.js';
import { storageError } from '../storage-error.js';
import { syncFolder } from '../sync.js';
import { staysForEver } from './checkpoint-schedule.js';
import { MANIFEST, type Manifest, encodeManifest, readManifest } from './manifest.js';

/** step-000500 */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/** Of this process, so far. */
let writers = 0;

/** One checkpoint on its way to the disk. */
export class CheckpointWriter {
  readonly step: number;
  readonly #directory: RunDirectory;
  readonly #folder: string;
  readonly #target: string;
  readonly #count: number;
  readonly #missing: Set<string>;
  readonly #roles: Record<string, Manifest['roles'][string]> = {};

  constructor(directory: RunDirectory, step: number, roles: readonly string[]) {
    this.step = step;
    this.#directory = directory;
    directory.assertWritable();
    this.#target = directory.file('checkpoints', checkpointName(step));
    // Never the folder of a writer before it, whose last chunks may still be on their way when the step is replayed.
    this.#folder = directory.file('checkpoints', `.${checkpointName(step)}.${(writers += 1)}.tmp`);
    this.#count = roles.length;
    this.#missing = new Set(roles);
    try {
      rmSync(this.#folder, { recursive: true, force: true });
      mkdirSync(this.#folder, { recursive: true });
    } catch (error) {
      throw storageError(error, this.#folder);
    }
  }

  get bytes(): number {
    return Object.values(this.#roles).reduce((sum, role) => sum + role.bytes, 0);
  }

  /** @throws RefusedError when this role's state is not asked for, or is here or on its way already */
  receive(role: string, bytes: number): RoleFile {
    if (!this.#missing.delete(role)) {
      throw new RefusedError('ALREADY_EXISTS', `the state of ${role} at step ${this.step} is not asked for (again)`);
    }
    return new RoleFile(this.#directory, join(this.#folder, `${role}.safetensors`), bytes, {
      done: (sha256) => {
        this.#roles[role] = { file: `${role}.safetensors`, bytes, sha256 };
      },
      failed: () => this.#missing.add(role),
    });
  }

  /** True when every role's file is whole. */
  isComplete(): boolean {
    return Object.keys(this.#roles).length === this.#count;
  }

  /**
   * Makes it exist, and last: the files are on the disk, then their names (writeWhole syncs the folder too), then the
   * folder's own name. One of the same bits that is there already, of a step that was replayed, stays.
   *
   * @throws DuetError when the disk refuses
   */
  publish(): void {
    const roles = Object.fromEntries(Object.entries(this.#roles).sort(([a], [b]) => a.localeCompare(b, 'en')));
    const manifest = { step: this.step, roles };
    try {
      if (holdsAlready(this.#target, manifest)) return this.discard();
      this.#directory.assertWritable();
      writeWhole(join(this.#folder, MANIFEST), encodeManifest(manifest));
      // Syncing may have taken a while.
      this.#directory.assertWritable();
      remove(this.#target);
      whenFree(() => renameSync(this.#folder, this.#target));
      syncFolder(dirname(this.#target));
      this.#directory.observer?.checkpointAdded(this.step);
    } catch (error) {
      throw storageError(error, this.#target);
    }
  }

  discard(): void {
    // A coordinator that took the run over gives its own the same name.
    if (this.#directory.isWritable) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One role's file while its chunks come in. */
export class RoleFile {
  readonly #directory: RunDirectory;
  readonly #path: string;
  readonly #announced: number;
  readonly #ending: { done(sha256: string): void; failed(): void };
  readonly #hash = createHash('sha256');
  readonly #file: number;
  #written = 0;

  constructor(
    directory: RunDirectory,
    path: string,
    announced: number,
    ending: { done(sha256: string): void; failed(): void },
  ) {
    this.#directory = directory;
    this.#path = path;
    this.#announced = announced;
    this.#ending = ending;
    try {
      directory.assertWritable();
      this.#file = openSync(path, 'w');
    } catch (error) {
      ending.failed();
      throw storageError(error, path);
    }
  }

  /** @throws RefusedError when more comes than was announced, DuetError when the disk refuses */
  write(chunk: Uint8Array): void {
    if (this.#written + chunk.length > this.#announced) {
      throw new RefusedError('INVALID_ARGUMENT', `more than the announced ${this.#announced} bytes of a state came`);
    }
    this.#hash.update(chunk);
    try {
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(writeSync(this.#file, rest));
    } catch (error) {
      throw storageError(error, this.#path);
    }
    this.#written += chunk.length;
  }

  /** @returns sha256 @throws RefusedError when bytes are missing */
  finish(): string {
    if (this.#written !== this.#announced) {
      throw new RefusedError('DATA_LOSS', `${this.#written} of the announced ${this.#announced} bytes of a state came`);
    }
    try {
      fsyncSync(this.#file);
    } catch (error) {
      throw storageError(error, this.#path);
    }
    closeSync(this.#file);
    const sha256 = this.#hash.digest('hex');
    this.#ending.done(sha256);
    return sha256;
  }

  abandon(): void {
    closeSync(this.#file);
    if (this.#directory.isWritable) rmSync(this.#path, { force: true });
    this.#ending.failed();
  }
}

/** Steps of the checkpoints that exist, in ascending order. */
export function listCheckpoints(directory: RunDirectory): number[] {
  const folder = directory.file('checkpoints');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => ({ name, step: Number(name.slice('step-'.length)) }))
    .flatMap(({ name, step }) => (name === checkpointName(step) ? [step] : []))
    .sort((a, b) => a - b);
}

/** @returns the file of a role's state @throws DuetError when the checkpoint is damaged or lacks the role */
export function readRole(directory: RunDirectory, step: number, role: string): Buffer {
  const folder = directory.file('checkpoints', checkpointName(step));
  const entry = readManifest(folder, step).roles[role];
  if (entry === undefined) throw new DuetError(`the checkpoint ${folder} has no ${role}`);
  return readVerified(folder, role, entry);
}

/** @throws DuetError naming the first file that is not what the manifest says */
export function verifyCheckpoint(directory: RunDirectory, step: number, roles: readonly string[]): void {
  for (const role of roles) readRole(directory, step, role);
}

/** True when this very checkpoint lies in the folder, whole. */
function holdsAlready(folder: string, { step, roles }: Manifest): boolean {
  if (!existsSync(folder)) return false;
  try {
    if (encodeManifest(readManifest(folder, step)) !== encodeManifest({ step, roles })) return false;
    for (const [role, entry] of Object.entries(roles)) readVerified(folder, role, entry);
    return true;
  } catch {
    return false;
  }
}

function readVerified(folder: string, role: string, { file, bytes, sha256 }: Manifest['roles'][string]): Buffer {
  const path = join(folder, `${role}.safetensors`);
  if (file !== `${role}.safetensors`)
    throw new DuetError(`the checkpoint ${folder} is damaged: ${role} is not in ${file}`);
  try {
    const found = statSync(path).size;
    if (found !== bytes) throw new DuetError(`${path} is damaged: it has ${found} bytes, not ${bytes}`);
    const content = readFileSync(path);
    const hash = createHash('sha256').update(content).digest('hex');
    if (hash !== sha256) throw new DuetError(`${path} is damaged: its sha256 is ${hash}, not ${sha256}`);
    return content;
  } catch (error) {
    if (error instanceof DuetError) throw error;
    throw new DuetError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Deletes all but the newest `keepCheckpoints`, those of every `keepEvery`-th step, and those of the steps in `needed`
 * (the best, what an evaluation is about to read).
 */
export function retainCheckpoints(
  directory: RunDirectory,
  { keepCheckpoints, keepEvery }: Pick<RunSettings, 'keepCheckpoints' | 'keepEvery'>,
  needed: readonly number[] = [],
): void {
  directory.assertWritable();
  for (const step of listCheckpoints(directory).slice(0, -keepCheckpoints)) {
    if (needed.includes(step) || staysForEver(step, keepEvery)) continue;
    removeOf(directory, step);
  }
}

/** Deletes one that cannot be used. */
export function discardCheckpoint(directory: RunDirectory, step: number): void {
  directory.assertWritable();
  whenFree(() => rmSync(directory.file('checkpoints', checkpointName(step)), { recursive: true, force: true }));
  directory.observer?.checkpointRemoved(step);
}

/**
 * Deletes those of later steps, the newest first: interrupted, it leaves a run that goes on from one of them and comes
 * to the same end.
 */
export function dropCheckpointsAfter(directory: RunDirectory, step: number): void {
  directory.assertWritable();
  for (const later of listCheckpoints(directory).reverse()) {
    if (later > step) removeOf(directory, later);
  }
}

function removeOf(directory: RunDirectory, step: number): void {
  remove(directory.file('checkpoints', checkpointName(step)));
  directory.observer?.checkpointRemoved(step);
}

/** Renamed first: interrupted, it leaves a leftover, never a checkpoint without some of its files. */
function remove(folder: string): void {
  if (!existsSync(folder)) return;
  const leaving = join(dirname(folder), `.${basename(folder)}.old.tmp`);
  whenFree(() => rmSync(leaving, { recursive: true, force: true }));
  whenFree(() => renameSync(folder, leaving));
  whenFree(() => rmSync(leaving, { recursive: true, force: true }));
}

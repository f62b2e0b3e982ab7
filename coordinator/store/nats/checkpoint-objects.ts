/** A checkpoint as objects: `step-000500/term-3.1/discriminator.safetensors`, so that no coordinator writes over another's. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { whenFree } from '../../../common/process/when-free.js';
import { checkpointName } from '../../run/checkpoints/checkpoints.js';
import { MANIFEST, type Manifest, readManifest } from '../../run/checkpoints/manifest.js';
import type { RunDirectory } from '../../run/directory.js';
import { storageError } from '../../run/storage-error.js';
import { syncFolder, writeSynced } from '../../run/sync.js';
import { ObjectDamagedError, type Objects } from './objects.js';

/** What goes when its turn has come too late. */
export class CheckpointGoneError extends Error {}

/**
 * Uploads the files of a checkpoint; nothing names them yet.
 *
 * @throws CheckpointGoneError when it is no longer there, or another one by now, or not whole
 */
export async function uploadCheckpoint(
  objects: Objects,
  directory: RunDirectory,
  step: number,
  folder: string,
): Promise<void> {
  const from = directory.file('checkpoints', checkpointName(step));
  const { manifest, roles } = readFolder(from, step);
  for (const { file, sha256 } of Object.values(roles)) {
    await objects.put(`${folder}/${file}`, () => {
      const content = readOrGone(join(from, file));
      if (sha256Of(content) !== sha256) throw new CheckpointGoneError(`${from} is another checkpoint by now`);
      return content;
    });
  }
  await objects.put(`${folder}/${MANIFEST}`, () => manifest);
}

function readFolder(from: string, step: number): { manifest: Buffer; roles: Manifest['roles'] } {
  const manifest = readOrGone(join(from, MANIFEST));
  try {
    const { roles } = readManifest(from, step);
    if (readOrGone(join(from, MANIFEST)).equals(manifest)) return { manifest, roles };
  } catch (error) {
    throw new CheckpointGoneError('it is not whole', { cause: error });
  }
  throw new CheckpointGoneError('it has been written anew');
}

function readOrGone(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CheckpointGoneError(`${path} is gone`, { cause: error });
  }
}

/** Names of the objects of one. @throws ObjectDamagedError when its manifest cannot be read */
export function objectsBelow(folder: string): (name: string) => boolean {
  return (name) => name.startsWith(`${folder}/`);
}

/**
 * Brings a checkpoint into the directory: whole, or not at all.
 *
 * @throws ObjectDamagedError when one of its files is not what the manifest says
 */
export async function downloadCheckpoint(
  objects: Objects,
  directory: RunDirectory,
  step: number,
  folder: string,
): Promise<void> {
  const target = directory.file('checkpoints', checkpointName(step));
  const staging = directory.file('checkpoints', `.${checkpointName(step)}.0.tmp`);
  const manifest = await objects.get(`${folder}/${MANIFEST}`);
  try {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { recursive: true });
    writeSynced(join(staging, MANIFEST), manifest);
    for (const { file, sha256 } of Object.values(manifestIn(staging, step).roles)) {
      const content = await objects.get(`${folder}/${file}`);
      const hash = sha256Of(content);
      if (hash !== sha256)
        throw new ObjectDamagedError(`the object ${folder}/${file} is damaged: its sha256 is ${hash}, not ${sha256}`);
      writeSynced(join(staging, file), content);
    }
    syncFolder(staging);
    whenFree(() => rmSync(target, { recursive: true, force: true }));
    whenFree(() => renameSync(staging, target));
    syncFolder(directory.file('checkpoints'));
  } catch (error) {
    throw storageError(error, target);
  } finally {
    if (existsSync(staging)) rmSync(staging, { recursive: true, force: true });
  }
}

function manifestIn(folder: string, step: number): Manifest {
  try {
    const manifest = readManifest(folder, step);
    for (const [role, { file }] of Object.entries(manifest.roles)) {
      // It becomes the name of a file.
      if (file !== `${role}.safetensors` || !/^[a-z]+(-\d+)?$/.test(role)) throw new Error(`it names a file ${file}`);
    }
    return manifest;
  } catch (error) {
    throw new ObjectDamagedError(`the checkpoint of step ${step} in the store is damaged: its manifest is not whole`, {
      cause: error,
    });
  }
}

const sha256Of = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

/** Small checkpoints, made as a coordinator makes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { encodeSafetensors } from '../../../common/tensors/safetensors.js';
import { CheckpointWriter, checkpointName } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { ROLES } from './run.js';

export const FILES = ['manifest.json', ...ROLES.map((role) => `${role}.safetensors`)];

/** A run directory without checkpoints. */
export function emptyRun(path: string): RunDirectory {
  const directory = RunDirectory.create(path);
  directory.writeJson('config.json', {});
  return directory;
}

/** A state of a role, in the format of a real one: some weights and moments, and the number of updates. */
export function stateFile(role: string, step: number): Uint8Array {
  const values = Float32Array.from({ length: 6 }, (_, i) => Math.sin(step * 100 + ROLES.indexOf(role) * 10 + i));
  return encodeSafetensors({
    arrays: ['weights/kernel', 'adam/m/kernel', 'adam/v/kernel'].map((name, i) => ({
      name,
      shape: [2, 3],
      data: values.map((value) => value / (i + 1)),
    })),
    metadata: { role, updates: String(step) },
  });
}

/** @param roles those whose state comes in; the checkpoint is published when all have */
export function writeCheckpoint(directory: RunDirectory, step: number, roles = ROLES): CheckpointWriter {
  const writer = new CheckpointWriter(directory, step, ROLES);
  for (const role of roles) {
    const bytes = stateFile(role, step);
    const file = writer.receive(role, bytes.length);
    file.write(bytes);
    file.finish();
  }
  if (writer.isComplete()) writer.publish();
  return writer;
}

export function checkpointFile(directory: RunDirectory, step: number, name: string): string {
  return directory.file('checkpoints', checkpointName(step), name);
}

/** Changes one file for the time of `then`. */
export function withChanged<T>(path: string, change: (bytes: Buffer) => Uint8Array, then: () => T): T {
  const whole = readFileSync(path);
  writeFileSync(path, change(Buffer.from(whole)));
  try {
    return then();
  } finally {
    writeFileSync(path, whole);
  }
}

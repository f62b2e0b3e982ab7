import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSafetensors } from '../../../common/tensors/safetensors.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { runPeer } from '../../support/numbers/python.js';
import { ROLES, startRun } from '../../support/runs/run.js';

interface Seen {
  metadata: Record<string, string>;
  tensors: Record<string, { shape: number[]; dtype: string; sha256: string }>;
}

test("Python's safetensors opens every file of a checkpoint and finds the tensors that we find, bit for bit", async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const run = await startRun(out, '--data', 'ring8', '--steps', '3', '--batch', '8', '--width', '0.25');
  assert.equal(run.code, 0, run.stderr);
  const folder = join(out, 'checkpoints', 'step-000003');
  const seen = (await runPeer('read_checkpoint.py', folder)) as Record<string, Seen>;
  assert.deepEqual(
    Object.keys(seen),
    ROLES.map((role) => `${role}.safetensors`),
  );
  for (const [file, { metadata, tensors }] of Object.entries(seen)) {
    const ours = decodeSafetensors(readFileSync(join(folder, file)));
    assert.ok(ours.arrays.length >= 12, 'weights and two moments of two layers with biases, at least');
    const expected = ours.arrays.map(({ name, shape, data }) => [
      name,
      { shape, dtype: 'float32', sha256: createHash('sha256').update(data).digest('hex') },
    ]);
    assert.deepEqual(tensors, Object.fromEntries(expected), file);
    assert.deepEqual(metadata, ours.metadata, file);
    const moved = ours.arrays.filter(({ name, data }) => name.startsWith('adam/') && data.some((value) => value !== 0));
    assert.ok(moved.length > 0, `${file}: the moments are those of a trained role`);
  }
});

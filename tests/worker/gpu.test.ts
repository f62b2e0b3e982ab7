import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseReading, readCard } from '../../worker/network/gpu.js';
import { Measures } from '../../worker/network/measures.js';
import { scratchFolder } from '../support/machine/scratch.js';

const MIB = 1 << 20;

test("nvidia-smi's line becomes bytes and a share; what the driver does not know is left out", () => {
  const card = 'GPU-5c0a1d3e-9b1f-4a56-8d2f-0e7c11c2b3a4';
  assert.deepEqual(parseReading(`${card}, 1523, 81559, 37\n`), {
    uuid: card,
    usedBytes: 1523 * MIB,
    totalBytes: 81559 * MIB,
    load: 0.37,
  });
  assert.deepEqual(parseReading(`${card}, 10, 9984, [N/A]\n`), {
    uuid: card,
    usedBytes: 10 * MIB,
    totalBytes: 9984 * MIB,
  });
  for (const nothing of ['', 'No devices were found\n', 'GPU-1, [N/A], [N/A], 3\n']) {
    assert.equal(parseReading(nothing), undefined, nothing);
  }
});

test('a worker asks for the card that it was given, and shows it as of its role', async () => {
  await using scratch = scratchFolder();
  const smi = join(scratch.path, 'nvidia-smi');
  writeFileSync(
    smi,
    '#!/bin/sh\nfor a in "$@"; do case $a in --id=GPU-b) echo "GPU-b, 200, 1000, 50"; exit;; esac; done\necho "GPU-a, 100, 1000, 5"\n',
  );
  chmodSync(smi, 0o755);
  const env = { PATH: `${scratch.path}:${process.env['PATH'] ?? ''}` };
  assert.equal((await readCard(env))?.uuid, 'GPU-a');
  const reading = await readCard({ ...env, CUDA_VISIBLE_DEVICES: 'GPU-b,GPU-a' });
  assert.ok(reading);
  const measures = new Measures('1', () => undefined);
  measures.take('run-1', 'generator-1');
  measures.card(reading);
  const text = await measures.registry.text();
  assert.match(text, new RegExp(`^duet_gpu_memory_used_bytes\\{.*gpu="GPU-b".*\\} ${200 * MIB}$`, 'm'));
  assert.match(text, /^duet_gpu_utilization_ratio\{role="generator-1",gpu="GPU-b",run="run-1"\} 0\.5$/m);
});

test('without nvidia-smi there is no reading', async () => {
  await using scratch = scratchFolder();
  assert.equal(await readCard({ PATH: scratch.path }), undefined);
});

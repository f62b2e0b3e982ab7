import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineError } from '../../../../common/errors.js';
import { loadEngine } from '../../../../gan/engine/index.js';
import { prepareEngine } from '../../../../gan/engine/prepare/index.js';
import { temporaryFolder } from '../fake-tools.js';

// The order counts: a process loads one engine, and only once.
test('a broken addon is an error that names its folder and the cure', async (t) => {
  const directory = temporaryFolder(t);
  mkdirSync(join(directory, 'tensorflow'));
  const addon = join(directory, 'tensorflow', 'tfjs_binding.node');
  writeFileSync(addon, 'not a library');
  const prepared = { directory, addon, flavour: 'cpu', tensorflow: '2.21.0', libraryPath: [] } as const;
  await assert.rejects(
    loadEngine({ name: 'tensorflow', prepared: { ...prepared, libraryPath: [] }, threads: 1, device: 'cpu' }),
    (error: Error) =>
      error instanceof EngineError && error.message.includes(directory) && error.message.includes('--rebuild'),
  );
});

test('the prepared engine loads, adds two vectors, and is the same when loaded again', async () => {
  const prepared = await prepareEngine({ flavour: 'cpu', env: process.env });
  const options = { name: 'tensorflow', prepared, threads: 1, device: 'cpu' } as const;
  const engine = await loadEngine(options);
  assert.deepEqual(engine.description, { name: 'tensorflow', version: '2.21.0', device: 'cpu', threads: 1 });
  assert.equal(engine.tf.getBackend(), 'tensorflow');
  assert.deepEqual([...engine.tf.add([1, 2], [3, 4]).dataSync()], [4, 6]);
  assert.equal(await loadEngine(options), engine);
  await assert.rejects(loadEngine({ ...options, threads: 2 }), EngineError);
  await assert.rejects(
    loadEngine({ name: 'wasm' }),
    new EngineError(
      'this process has loaded the engine tensorflow with 1 thread on cpu, and cannot load wasm with 1 thread on cpu beside it',
    ),
  );
});

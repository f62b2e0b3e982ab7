import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../../../common/errors.js';
import { loadEngine } from '../../../../gan/engine/index.js';

test("it loads once, says what it is, and leaves no listener of Emscripten's on the process", async () => {
  const events = ['uncaughtException', 'unhandledRejection'];
  const listeners = () => events.map((name) => process.listenerCount(name));
  const before = listeners();
  const engine = await loadEngine({ name: 'wasm' });
  assert.deepEqual(listeners(), before);
  assert.deepEqual(engine.description, { name: 'wasm', version: '4.22.0-simd', device: 'cpu', threads: 1 });
  assert.equal(engine.tf.getBackend(), 'wasm');
  assert.deepEqual([...engine.tf.add([1, 2], [3, 4]).dataSync()], [4, 6]);
  assert.equal(await loadEngine({ name: 'wasm' }), engine);
  const prepared = { directory: '', addon: '', flavour: 'cpu', tensorflow: '2.21.0', libraryPath: [] } as const;
  await assert.rejects(
    loadEngine({ name: 'tensorflow', prepared: { ...prepared, libraryPath: [] }, threads: 1, device: 'cpu' }),
    EngineError,
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../../common/errors.js';
import { type Allocator, guardMemory } from '../../../../gan/engine/wasm/memory.js';
import { wasmEngine } from '../../../support/numbers/engine.js';

test('more memory than there is is an error that says what to do, not a tensor over another one', async () => {
  const { tf } = await wasmEngine();
  const { wasm } = tf.backend() as unknown as { wasm: Allocator };
  const kept = tf.tensor1d([1, 2, 3]);
  assert.throws(
    () => wasm._malloc(0xf800_0000),
    (error: Error) => error instanceof UsageError && /4 GiB.*--batch/.test(error.message),
  );
  assert.deepEqual([...kept.dataSync()], [1, 2, 3]);
});

test('addresses beyond 2 GiB are addresses; beyond what is left to the kernels they are not', () => {
  const at = (address: number): Allocator => {
    const allocator: Allocator = { _malloc: () => address | 0, _free: () => {} };
    guardMemory(allocator);
    return allocator;
  };
  assert.equal(at(0x9000_0000)._malloc(1024) >>> 0, 0x9000_0000);
  assert.throws(() => at(0xefff_ff00)._malloc(1024), UsageError);
  assert.throws(() => at(0)._malloc(1), UsageError);
});

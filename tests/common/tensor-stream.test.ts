import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RefusedError } from '../../common/errors.js';
import { CHUNK_BYTES } from '../../common/rpc.js';
import { TensorAssembler, tensorFrames } from '../../common/tensor-stream.js';
import type { TensorFrame } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { TensorFrame__Output } from '../../proto/generated/duet/v1/TensorFrame.js';

/** A frame as the wire gives it back. */
function received(frame: TensorFrame): TensorFrame__Output {
  return { ...frame, part: frame.header ? 'header' : 'data' } as TensorFrame__Output;
}

test('a tensor of any size arrives bit for bit, in messages of at most 1 MiB', () => {
  for (const count of [1, 1000, CHUNK_BYTES / 4, CHUNK_BYTES / 4 + 1, CHUNK_BYTES]) {
    const shape = [count];
    const data = Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i)));
    const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [2, 2], shape }));
    const frames = [...tensorFrames({ epoch: 1, step: 2, shape }, data)];
    assert.ok(frames.every((frame) => (frame.data as Buffer | undefined)?.length ?? 0 <= CHUNK_BYTES));
    const results = frames.map((frame) => assembler.add(received(frame)));
    assert.deepEqual(results.at(-1)?.data, data);
    assert.ok(results.slice(0, -1).every((result) => result === undefined));
  }
});

test('whatever frames come, they are taken, wanted or refused with a reason', () => {
  const frame = fc.oneof(
    fc.record({
      part: fc.constant('header'),
      header: fc.record({
        epoch: fc.nat(3),
        step: fc.nat(3),
        shape: fc.array(fc.oneof(fc.nat(4), fc.nat()), { maxLength: 3 }),
        dtype: fc.constantFrom('float32', 'float32', 'int8', ''),
        loss: fc.double(),
        plainLoss: fc.double(),
      }),
    }),
    fc.record({ part: fc.constant('data'), data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) }),
    fc.record({ part: fc.constantFrom('header', 'data', undefined) }),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), (frames) => {
      const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [1, 2], shape: [2, 2] }));
      for (const each of frames) {
        try {
          const tensor = assembler.add(each as unknown as TensorFrame__Output);
          if (tensor !== undefined) assert.equal(tensor.data.length, 4);
        } catch (error) {
          assert.ok(error instanceof RefusedError, String(error));
          return;
        }
      }
    }),
    { numRuns: 20_000 },
  );
});

import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusedError } from '../../../common/errors.js';
import { CHUNK_BYTES } from '../../../common/rpc.js';
import { type ExpectedTensor, TensorAssembler, tensorFrames } from '../../../common/tensors/tensor-stream.js';
import { toWire } from '../../../common/tensors/wire-values.js';
import type { TensorFrame, TensorFrame__Output } from '../../../proto/generated/duet/v1/TensorFrame.js';
import { loadContract } from '../../../proto/load.js';

/** A flag and a length, in front of every message. */
const GRPC_PREFIX = 5;

/** A frame as the wire gives it back. */
function received(frame: TensorFrame): TensorFrame__Output {
  return { ...frame, part: frame.header ? 'header' : 'data' } as TensorFrame__Output;
}

test('a tensor of any size arrives bit for bit, in messages of at most 1 MiB', () => {
  for (const count of [1, 1000, CHUNK_BYTES / 4, CHUNK_BYTES / 4 + 1, CHUNK_BYTES]) {
    const shape = [count];
    const data = Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i)));
    const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [2, 2], shape, dtype: 'float32' }));
    const frames = [...tensorFrames({ epoch: 1, step: 2, shape, dtype: 'float32' }, data)];
    assert.ok(frames.every((frame) => ((frame.data as Buffer | undefined)?.length ?? 0) <= CHUNK_BYTES));
    const results = frames.map((frame) => assembler.add(received(frame)));
    assert.deepEqual(results.at(-1)?.data, data);
    assert.ok(results.slice(0, -1).every((result) => result === undefined));
  }
});

/** A frame through the codec of the contract, in a message as grpc-js gives it to its decoder: a part of a buffer. */
function throughTheWire(frame: TensorFrame): TensorFrame__Output {
  const { requestSerialize, requestDeserialize } = loadContract().duet.v1.Exchange.service.Exchange;
  return requestDeserialize(Buffer.concat([Buffer.alloc(GRPC_PREFIX), requestSerialize(frame)]).subarray(GRPC_PREFIX));
}

test('a tensor that came in one message is not copied again, and has no other memory with it', () => {
  for (const count of [1, 31, 32, 2000, 4095, 4096, 64 * 28 * 28, CHUNK_BYTES / 4, CHUNK_BYTES / 4 + 1]) {
    const shape = [count];
    const data = Float32Array.from({ length: count }, (_, i) => Math.fround(Math.cos(i)));
    const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [2, 2], shape, dtype: 'float32' }));
    const frames = [...tensorFrames({ epoch: 1, step: 2, shape, dtype: 'float32' }, data)].map(throughTheWire);
    const found = frames.map((frame) => assembler.add(frame)).at(-1)?.data;
    assert.deepEqual(found, data);
    assert.ok(found.buffer.byteLength - found.byteLength <= 16, `${count} values share their memory`);
    // Buffers below 4 KiB are parts of a pool, which must not go to another thread.
    const bytes = data.byteLength;
    const inPlace = bytes > 4096 && bytes <= CHUNK_BYTES;
    assert.equal(found.buffer === frames[1]?.data?.buffer, inPlace, `${count} values`);
  }
});

test('a tensor that does not lie well, or with other memory around it, is copied', () => {
  const values = Float32Array.of(1, 2, 3, 4);
  for (const [offset, length] of [
    [1, 17],
    [2, 18],
    [0, 64],
  ] as const) {
    const bytes = Buffer.from(new ArrayBuffer(length), offset, 16);
    bytes.set(new Uint8Array(values.buffer));
    const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [2, 2], shape: [4], dtype: 'float32' }));
    assembler.add(header({ shape: [4] }));
    const found = assembler.add(received({ data: bytes }))?.data;
    assert.deepEqual(found, values);
    assert.notEqual(found.buffer, bytes.buffer);
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
      const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [1, 2], shape: [2, 2], dtype: 'float32' }));
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

test('a tensor of 16 bits arrives bit for bit, in half the bytes, and where another type is due it is refused', () => {
  for (const [dtype, other] of [
    ['bfloat16', 'float16'],
    ['float16', 'float32'],
  ] as const) {
    for (const count of [3, 64 * 28 * 28, CHUNK_BYTES / 2 + 1]) {
      const expected: ExpectedTensor = { epoch: 1, steps: [1, 1], shape: [count], dtype };
      const values = toWire(
        Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
        dtype,
        '',
      );
      const frames = [...tensorFrames({ epoch: 1, step: 1, shape: [count], dtype }, values)].map(throughTheWire);
      assert.equal(
        frames.reduce((sum, frame) => sum + (frame.data?.length ?? 0), 0),
        2 * count,
      );
      const assembler = new TensorAssembler(() => expected);
      assert.deepEqual(frames.map((frame) => assembler.add(frame)).at(-1)?.data, values);
      assert.throws(
        () => new TensorAssembler(() => ({ ...expected, dtype: other })).add(frames[0] as TensorFrame__Output),
        (error) =>
          error instanceof RefusedError && error.message.includes(`'${dtype}' are not taken: expected ${other}`),
      );
    }
  }
});

test('bits of any values are kept, NaN and the sign of zero too', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1 }), (bits) => {
      const data = new Float32Array(Int32Array.from(bits).buffer);
      const shape = [bits.length];
      const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [1, 1], shape, dtype: 'float32' }));
      const results = [...tensorFrames({ epoch: 1, step: 1, shape, dtype: 'float32' }, data)].map((frame) =>
        assembler.add(received(frame)),
      );
      const found = results.at(-1)?.data;
      assert.deepEqual(found && [...new Int32Array(found.buffer)], bits);
    }),
  );
});

const header = (change: object = {}): TensorFrame__Output =>
  received({ header: { epoch: 1, step: 2, shape: [2, 2], dtype: 'float32', ...change } });
const data = (bytes: number): TensorFrame__Output => received({ data: Buffer.alloc(bytes) });

for (const [name, frames, status, reason] of [
  ['another epoch', [header({ epoch: 2 })], 'FAILED_PRECONDITION', /epoch 2 .* in epoch 1/],
  ['an earlier step', [header({ step: 1 })], 'FAILED_PRECONDITION', /step 1 is not due: expected 2 to 3/],
  ['a later step', [header({ step: 4 })], 'FAILED_PRECONDITION', /step 4 is not due/],
  ['another type', [header({ dtype: 'int8' })], 'INVALID_ARGUMENT', /'int8'.*expected float32/],
  ['another shape', [header({ shape: [2, 3] })], 'INVALID_ARGUMENT', /\[2, 3\].*\[2, 2\]/],
  ['another rank', [header({ shape: [4] })], 'INVALID_ARGUMENT', /\[4\].*\[2, 2\]/],
  ['data before a header', [data(4)], 'INVALID_ARGUMENT', /before its header/],
  ['a header in a tensor', [header(), data(4), header()], 'INVALID_ARGUMENT', /while 12 bytes .* missing/],
  ['too much data', [header(), data(8), data(9)], 'INVALID_ARGUMENT', /17 bytes came for a tensor of 16/],
  ['empty data', [header(), data(0)], 'INVALID_ARGUMENT', /empty data message/],
] as const) {
  test(`refused with the reason: ${name}`, () => {
    const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [2, 3], shape: [2, 2], dtype: 'float32' }));
    for (const frame of frames.slice(0, -1)) assert.equal(assembler.add(frame), undefined);
    assert.throws(
      () => assembler.add(frames.at(-1) as TensorFrame__Output),
      (error) => error instanceof RefusedError && error.status === status && reason.test(error.message),
    );
  });
}

test('memory is taken when data comes whose header has been accepted, not before', () => {
  const shape = [64 << 20, 4];
  const held = () => process.memoryUsage().arrayBuffers;
  const before = held();
  const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [2, 2], shape, dtype: 'float32' }));
  for (const change of [{ epoch: 9 }, { step: 9 }, { dtype: 'float64' }, { shape: [64 << 20, 5] }]) {
    assert.throws(() => assembler.add(header({ shape, ...change })), RefusedError);
  }
  assert.ok(held() - before < 1 << 20, 'after four refused headers of a gigabyte');
  assembler.add(header({ shape }));
  assembler.add(data(4));
  // What earlier tests have left may be gone meanwhile.
  assert.ok(held() >= 2 ** 30, 'after the accepted one, and data');
});

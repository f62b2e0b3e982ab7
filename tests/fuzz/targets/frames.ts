/** Frames in any order, as the exchange gets them from gRPC: TensorAssembler. */
import fc from 'fast-check';
import { TensorAssembler } from '../../../common/tensors/tensor-stream.js';
import type { TensorFrame__Output } from '../../../proto/generated/duet/v1/TensorFrame.js';
import { Finding } from '../meter.js';
import { defineTarget } from '../target.js';

const SHAPE = [16, 4];
const BYTES = 256;
const MOST_FRAMES = 8;

const size = fc.oneof(fc.constantFrom(16, 4, 0, 1, 2 ** 31, 2 ** 40, 2 ** 53, -1, Number.NaN), fc.nat());
const number = fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: size });
const header = fc.record({
  part: fc.constant('header'),
  header: fc.record({
    epoch: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: number }),
    step: number,
    shape: fc.oneof(
      { weight: 4, arbitrary: fc.constant(SHAPE) },
      { weight: 2, arbitrary: fc.array(size, { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.constant(Array<number>(5000).fill(7)) },
    ),
    dtype: fc.oneof({ weight: 6, arbitrary: fc.constant('float32') }, { weight: 1, arbitrary: fc.string() }),
    loss: fc.double(),
    plainLoss: fc.double(),
  }),
});
const data = fc.record({
  part: fc.constant('data'),
  data: fc.constantFrom(0, 1, 3, 128, 255, BYTES, BYTES + 1, 4096).map((length) => Buffer.alloc(length)),
});
const frame = fc.oneof(
  { weight: 4, arbitrary: header },
  { weight: 4, arbitrary: data },
  { weight: 1, arbitrary: fc.record({ part: fc.constantFrom('header', 'data', 'pulse', undefined, 'x') }) },
);

export const frames = defineTarget({
  name: 'frames',
  share: 0.23,
  inputs: fc.array(frame, { minLength: 1, maxLength: MOST_FRAMES }),
  reading: (sequence) => ({
    bytes: sequence.length * BYTES,
    // A tensor of the run's own shape for every header, and no more.
    allowance: MOST_FRAMES * BYTES + (16 << 10),
    read() {
      const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [1, 2], shape: SHAPE, dtype: 'float32' }));
      for (const each of sequence) {
        const tensor = assembler.add(each as unknown as TensorFrame__Output);
        if (tensor !== undefined && tensor.data.length !== BYTES / 4) throw new Finding('a tensor of another size');
      }
    },
  }),
});

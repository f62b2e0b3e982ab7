import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '../../../../gan/engine/index.js';
import { normals, randomStream } from '../../../../gan/random.js';
import { wasmEngine } from '../../../support/numbers/engine.js';

/** float32 sums of up to a few hundred products, in another order; relative to the largest value. */
const TOLERANCE = 1e-5;

const { tf, operations } = await wasmEngine();

/** Any convolution that tfjs itself computes on its plain JavaScript backend. */
const convolutions = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 11 }),
    width: fc.integer({ min: 1, max: 11 }),
    channels: fc.integer({ min: 1, max: 5 }),
    filters: fc.integer({ min: 1, max: 9 }),
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 5 }),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom('same' as const, 'valid' as const),
    seed: fc.nat(),
  })
  .filter(({ height, width, rows, columns, pad }) => pad === 'same' || (height >= rows && width >= columns));
type Shape = [number, number, number, number];
type Convolution = typeof convolutions extends fc.Arbitrary<infer T> ? T : never;

/** Both gradients, by the kernels of the active backend. */
function gradientsOf({ batch, height, width, channels, filters, rows, columns, strides, pad, seed }: Convolution) {
  const inputShape: Shape = [batch, height, width, channels];
  const filterShape: Shape = [rows, columns, channels, filters];
  const { outShape } = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad);
  const [x, filter, dy] = Object.entries({ x: inputShape, filter: filterShape, dy: outShape }).map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tensor4d(normals(randomStream(seed, name), size), shape);
  }) as [Tensor, Tensor, Tensor];
  const attributes = { strides, pad, dataFormat: 'NHWC' };
  const ofInput: Tensor = tf.engine().runKernel('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape });
  const ofFilter: Tensor = tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape });
  const found = { 'input gradient': [...ofInput.dataSync()], 'filter gradient': [...ofFilter.dataSync()] };
  tf.dispose([x, filter, dy, ofInput, ofFilter]);
  return found;
}

test("both gradients of any convolution are those of tfjs's plain JavaScript backend, and leave no tensor behind", async () => {
  await fc.assert(
    fc.asyncProperty(convolutions, async (convolution) => {
      await tf.setBackend('cpu');
      const expected = gradientsOf(convolution);
      await tf.setBackend('wasm');
      const before = tf.memory().numTensors;
      const found = gradientsOf(convolution);
      assert.equal(tf.memory().numTensors, before);
      for (const [what, theirs] of Object.entries(expected)) {
        const ours = found[what as keyof typeof found];
        assert.equal(ours.length, theirs.length, what);
        const scale = Math.max(1, ...theirs.map(Math.abs));
        for (const [j, value] of theirs.entries())
          assert.ok(
            Math.abs((ours[j] ?? Number.NaN) - value) <= TOLERANCE * scale,
            `${what}[${j}]: ${ours[j]}, ${value}`,
          );
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('they are for that backend alone: the plain one keeps its own', () => {
  for (const name of ['Conv2DBackpropFilter', 'Conv2DBackpropInput'])
    assert.notEqual(tf.getKernel(name, 'wasm')?.kernelFunc, tf.getKernel(name, 'cpu')?.kernelFunc);
});

test('a product is right whatever shape its operand had before, which tf.matMul on this backend forgets', () => {
  const b = tf.tensor2d(normals(randomStream(1, 'b'), 48), [6, 8]);
  const ones = (m: number, k: number) => tf.ones([m, k]);
  operations.matMul(ones(2, 6), b);
  const turned = operations.reshape(b, [8, 6]);
  const sums = operations.matMul(ones(1, 8), turned).dataSync();
  const values = b.dataSync();
  for (let column = 0; column < 6; column += 1) {
    const expected = [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, row) => sum + (values[row * 6 + column] as number), 0);
    assert.ok(Math.abs((sums[column] as number) - expected) < 1e-5, `column ${column}`);
  }
});

test('a sum over the batch of 100,000 numbers is as exact as float32 of pairs, not as one long row', () => {
  const x = normals(randomStream(2, 'x'), 100_352).map((value) => 1 + value);
  const found = operations.biasGradient(tf.tensor4d(x, [128, 14, 14, 4])).dataSync();
  for (let feature = 0; feature < 4; feature += 1) {
    let exact = 0;
    for (let i = feature; i < x.length; i += 4) exact += x[i] as number;
    assert.ok(Math.abs((found[feature] as number) - exact) < 2e-6 * exact, `${found[feature]}, exactly ${exact}`);
  }
});

test('a sum of all of a kernel, and of a vector, is as exact', () => {
  for (const shape of [[4, 4, 64, 128], [6272], [1], []]) {
    const size = shape.reduce((a, b) => a * b, 1);
    const x = normals(randomStream(3, 'x'), size).map((value) => 1 + value);
    const exact = x.reduce((sum, value) => sum + value, 0);
    const found = operations.sum(tf.tensor(x, shape));
    assert.deepEqual(found.shape, []);
    assert.ok(Math.abs((found.dataSync()[0] as number) - exact) < 2e-6 * Math.abs(exact), `${shape.join()}: ${exact}`);
  }
});

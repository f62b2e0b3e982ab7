/**
 * The operations that the networks are made of, and their gradients, each one TensorFlow op.
 *
 * tfjs's own automatic gradients would compose some of these of many small ops: batch norm of moments and elementwise
 * ops (15.8 ms where FusedBatchNormV3 and its gradient take 1.3 ms), a bias gradient of a sum over three axes, leaky
 * ReLU's of a select. They also cannot stop halfway and wait for another process, as a generator does.
 *
 * Images are NHWC. Nothing here disposes of anything: callers tidy.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { type Convolution, createConvolution, product2d } from './convolution.js';
import type { Engine } from './load.js';
import { rawOps } from './raw-ops.js';
import { type Reshape, createReshape } from './reshape.js';

/** Batch norm's epsilon, PyTorch's default. */
export const BATCH_NORM_EPSILON = 1e-5;

export interface Normalised {
  output: Tensor;
  /** Mean over the batch, [features]. */
  mean: Tensor;
  /** Unbiased variance over the batch, [features]. */
  variance: Tensor;
  /** What the gradient needs. */
  saved: readonly Tensor[];
}

export interface Operations {
  /** a [m, k] times b [k, n], either transposed on the way. */
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  convolution: Convolution;
  /** Adds a bias [features] to the last axis. */
  bias(x: Tensor, bias: Tensor): Tensor;
  /** dy summed over all axes but the last. */
  biasGradient(dy: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  reluGradient(dy: Tensor, output: Tensor): Tensor;
  leakyRelu(x: Tensor, slope: number): Tensor;
  leakyReluGradient(dy: Tensor, x: Tensor, slope: number): Tensor;
  tanh(x: Tensor): Tensor;
  tanhGradient(dy: Tensor, output: Tensor): Tensor;
  reshape: Reshape;
  /** Normalises the last axis by the batch's own statistics (training). */
  batchNorm(x: Tensor, gamma: Tensor, beta: Tensor): Normalised;
  /** @returns the gradients for x, gamma and beta */
  batchNormGradient(dy: Tensor, saved: readonly Tensor[]): [Tensor, Tensor, Tensor];
  /** Normalises the last axis by given statistics (inference). */
  normalise(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor): Tensor;
}

export function createOperations(engine: Engine): Operations {
  const { tf } = engine;
  const raw = rawOps(engine);
  const reshape = createReshape(engine);
  const T = raw.type('T');
  const nhwc = raw.text('data_format', 'NHWC');
  const normalisation = [T, raw.type('U'), raw.float('epsilon', BATCH_NORM_EPSILON), nhwc];

  /** Batch norm's kernels want NHWC; a dense layer's features become the channels of one pixel. */
  const asImage = (x: Tensor): Tensor => (x.rank === 4 ? x : reshape(x, [x.shape[0] ?? 0, 1, 1, x.shape[1] ?? 0]));

  return {
    matMul: (a, b, transposeA, transposeB) => product2d(raw, a, b, { transposeA, transposeB }),
    convolution: createConvolution(engine),
    bias: (x, bias) => raw.one('BiasAdd', [x, bias], T, nhwc),
    biasGradient: (dy) => raw.one('BiasAddGrad', [dy], T, nhwc),
    relu: (x) => raw.one('Relu', [x], T),
    reluGradient: (dy, output) => raw.one('ReluGrad', [dy, output], T),
    leakyRelu: (x, slope) => raw.one('LeakyRelu', [x], T, raw.float('alpha', slope)),
    leakyReluGradient: (dy, x, slope) => raw.one('LeakyReluGrad', [dy, x], T, raw.float('alpha', slope)),
    tanh: (x) => raw.one('Tanh', [x], T),
    tanhGradient: (dy, output) => raw.one('TanhGrad', [output, dy], T),
    reshape,
    batchNorm(x, gamma, beta) {
      const image = asImage(x);
      const none = tf.tensor1d([], 'float32');
      const [output, mean, variance, ...reserved] = raw.many(
        'FusedBatchNormV3',
        [image, gamma, beta, none, none],
        6,
        ...normalisation,
        raw.flag('is_training', true),
        raw.float('exponential_avg_factor', 1),
      ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
      return { output: reshape(output, x.shape), mean, variance, saved: [image, gamma, ...reserved] };
    },
    batchNormGradient(dy, saved) {
      const [dx, dGamma, dBeta] = raw.many(
        'FusedBatchNormGradV3',
        [asImage(dy), ...saved],
        5,
        ...normalisation,
        raw.flag('is_training', true),
      ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      return [reshape(dx, dy.shape), dGamma, dBeta];
    },
    normalise(x, gamma, beta, mean, variance) {
      const inputs = [asImage(x), gamma, beta, mean, variance];
      const [output] = raw.many('FusedBatchNormV3', inputs, 6, ...normalisation, raw.flag('is_training', false)) as [
        Tensor,
      ];
      return reshape(output, x.shape);
    },
  };
}

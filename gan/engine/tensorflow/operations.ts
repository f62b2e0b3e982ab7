/**
 * The operations, each one TensorFlow op. tfjs would compose some of them of many small ops: batch norm of moments and
 * elementwise ops (15.8 ms where FusedBatchNormV3 and its gradient take 1.3 ms), a bias gradient of a sum over three
 * axes, leaky ReLU's of a select.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { createConvolution } from '../convolution.js';
import { BATCH_NORM_EPSILON, type Operations } from '../operations.js';
import { createAdam } from './adam.js';
import { convolutionKernels } from './convolution.js';
import type { Native } from './native.js';
import { rawOps } from './raw-ops.js';
import { createReshape } from './reshape.js';

export function createOperations(native: Native): Operations {
  const { tf } = native;
  const raw = rawOps(native);
  const reshape = createReshape(native);
  const T = raw.type('T');
  const nhwc = raw.text('data_format', 'NHWC');
  const normalisation = [T, raw.type('U'), raw.float('epsilon', BATCH_NORM_EPSILON), nhwc];

  /** Batch norm's kernels want NHWC; a dense layer's features become the channels of one pixel. */
  const asImage = (x: Tensor): Tensor => (x.rank === 4 ? x : reshape(x, [x.shape[0] ?? 0, 1, 1, x.shape[1] ?? 0]));

  const matMul: Operations['matMul'] = (a, b, transposeA = false, transposeB = false) =>
    raw.one('MatMul', [a, b], T, raw.flag('transpose_a', transposeA), raw.flag('transpose_b', transposeB));

  return {
    matMul,
    // A card has kernels of its own for few channels.
    convolution: createConvolution(
      tf,
      convolutionKernels(native, { matMul, reshape }),
      native.description.device === 'cpu',
    ),
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
    sum: (x) => x.sum(),
    sumOfSquares: (x) => tf.tidy(() => x.square().sum().dataSync<'float32'>()[0] ?? Number.NaN),
    split: (vector, sizes) => tf.split(vector, [...sizes]),
    adam: createAdam(native),
  };
}

/**
 * The operations that the networks are made of, and their gradients, each one TensorFlow op.
 *
 * tfjs's own automatic gradients would compose some of these of many small ops: batch norm of moments and elementwise
 * ops (15.8 ms where FusedBatchNormV3 and its gradient take 1.3 ms), a bias gradient of a sum over three axes, leaky
 * ReLU's of a select. They also cannot stop halfway and wait for another process, as a generator does.
 *
 * Images are NHWC. Convolutions have stride 2 and 'same' padding. Nothing here disposes of anything: callers tidy.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { Engine, OpAttribute } from './load.js';

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

type Shape = readonly number[];

export interface Operations {
  /** a [m, k] times b [k, n], either transposed on the way. */
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  /** x [batch, height, width, in], kernel [h, w, in, out] → half the height and width. */
  conv(x: Tensor, kernel: Tensor): Tensor;
  /** The gradient of `conv` for its input of this shape; as an operation of its own, the transposed convolution. */
  convInput(shape: Shape, kernel: Tensor, dy: Tensor): Tensor;
  /** The gradient of `conv` for its kernel of this shape. */
  convKernel(x: Tensor, shape: Shape, dy: Tensor): Tensor;
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
  reshape(x: Tensor, shape: Shape): Tensor;
  /** Normalises the last axis by the batch's own statistics (training). */
  batchNorm(x: Tensor, gamma: Tensor, beta: Tensor): Normalised;
  /** @returns the gradients for x, gamma and beta */
  batchNormGradient(dy: Tensor, saved: readonly Tensor[]): [Tensor, Tensor, Tensor];
  /** Normalises the last axis by given statistics (inference). */
  normalise(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor): Tensor;
}

export function createOperations(engine: Engine): Operations {
  const { tf } = engine;
  const { binding } = engine.backend;
  const type = (name: string): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT });
  const float = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value });
  const flag = (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const text = (name: string, value: string): OpAttribute => ({ name, type: binding.TF_ATTR_STRING, value });
  const ints = (name: string, value: number[]): OpAttribute => ({ name, type: binding.TF_ATTR_INT, value });

  const one = (op: string, inputs: Tensor[], ...attributes: OpAttribute[]): Tensor =>
    engine.backend.executeSingleOutput(op, [type('T'), ...attributes], inputs);
  const many = (op: string, inputs: Tensor[], outputs: number, ...attributes: OpAttribute[]): Tensor[] =>
    engine.backend.executeMultipleOutputs(op, [type('T'), ...attributes], inputs, outputs);

  const nhwc = text('data_format', 'NHWC');
  const stride2 = [ints('strides', [1, 2, 2, 1]), text('padding', 'SAME'), nhwc, ints('dilations', [1, 1, 1, 1])];
  const normalisation = [type('U'), float('epsilon', BATCH_NORM_EPSILON), nhwc];

  /** Shapes that ops take as tensors: a few for each network, made once and kept. */
  const shapes = new Map<string, Tensor>();
  const shapeTensor = (shape: Shape): Tensor => {
    const key = shape.join();
    const known = shapes.get(key) ?? tf.keep(tf.tensor1d([...shape], 'int32'));
    shapes.set(key, known);
    return known;
  };

  /** Batch norm's kernels want NHWC; a dense layer's features become the channels of one pixel. */
  const asImage = (x: Tensor): Tensor => (x.rank === 4 ? x : tf.reshape(x, [x.shape[0] ?? 0, 1, 1, x.shape[1] ?? 0]));

  return {
    matMul: (a, b, transposeA = false, transposeB = false) =>
      one('MatMul', [a, b], flag('transpose_a', transposeA), flag('transpose_b', transposeB)),
    conv: (x, kernel) => one('Conv2D', [x, kernel], ...stride2),
    convInput: (shape, kernel, dy) => one('Conv2DBackpropInput', [shapeTensor(shape), kernel, dy], ...stride2),
    convKernel: (x, shape, dy) => one('Conv2DBackpropFilter', [x, shapeTensor(shape), dy], ...stride2),
    bias: (x, bias) => one('BiasAdd', [x, bias], nhwc),
    biasGradient: (dy) => one('BiasAddGrad', [dy], nhwc),
    relu: (x) => one('Relu', [x]),
    reluGradient: (dy, output) => one('ReluGrad', [dy, output]),
    leakyRelu: (x, slope) => one('LeakyRelu', [x], float('alpha', slope)),
    leakyReluGradient: (dy, x, slope) => one('LeakyReluGrad', [dy, x], float('alpha', slope)),
    tanh: (x) => one('Tanh', [x]),
    tanhGradient: (dy, output) => one('TanhGrad', [output, dy]),
    reshape: (x, shape) => tf.reshape(x, [...shape]),
    batchNorm(x, gamma, beta) {
      const image = asImage(x);
      const none = tf.tensor1d([], 'float32');
      const [output, mean, variance, ...reserved] = many(
        'FusedBatchNormV3',
        [image, gamma, beta, none, none],
        6,
        ...normalisation,
        flag('is_training', true),
        float('exponential_avg_factor', 1),
      ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
      return { output: tf.reshape(output, x.shape), mean, variance, saved: [image, gamma, ...reserved] };
    },
    batchNormGradient(dy, saved) {
      const [dx, dGamma, dBeta] = many(
        'FusedBatchNormGradV3',
        [asImage(dy), ...saved],
        5,
        ...normalisation,
        flag('is_training', true),
      ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      return [tf.reshape(dx, dy.shape), dGamma, dBeta];
    },
    normalise(x, gamma, beta, mean, variance) {
      const inputs = [asImage(x), gamma, beta, mean, variance];
      const [output] = many('FusedBatchNormV3', inputs, 6, ...normalisation, flag('is_training', false)) as [Tensor];
      return tf.reshape(output, x.shape);
    },
  };
}

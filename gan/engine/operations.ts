/**
 * The differentiable operations that the networks are made of, each with its gradient as one or two TensorFlow ops.
 *
 * tfjs would compose some of these of many small ops: batch norm of moments and elementwise ops (15.8 ms where
 * FusedBatchNormV3 and its gradient take 1.3 ms), a bias gradient of a sum over three axes, leaky ReLU's of a select.
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import type { Engine } from './load.js';

/** Batch norm's epsilon, PyTorch's default. */
export const BATCH_NORM_EPSILON = 1e-5;

export interface BatchNormResult {
  output: Tensor;
  /** Mean over the batch, [features]. Kept: the caller disposes of it. */
  mean: Tensor;
  /** Unbiased variance over the batch, [features]. Kept: the caller disposes of it. */
  variance: Tensor;
}

export interface Operations {
  /** x [batch, in] times kernel [in, out]. */
  dense(x: Tensor, kernel: Tensor): Tensor;
  /** x NHWC, kernel HWIO, stride 2, 'same'. */
  conv(x: Tensor, kernel: Tensor): Tensor;
  /** x NHWC, kernel [height, width, out, in], stride 2, 'same': doubles height and width. */
  deconv(x: Tensor, kernel: Tensor): Tensor;
  /** Adds a bias [channels] to the last axis. */
  bias(x: Tensor, bias: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  leakyRelu(x: Tensor, slope: number): Tensor;
  tanh(x: Tensor): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  /** Normalises the last axis by the batch's own statistics (training). */
  batchNorm(x: Tensor, gamma: Tensor, beta: Tensor): BatchNormResult;
  /** Normalises the last axis by given statistics (inference); not differentiable. */
  normalise(x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor): Tensor;
}

type Attribute = { name: string; type: number; value: unknown };
type SavedGradient = (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[];

export function createOperations(engine: Engine): Operations {
  const { tf } = engine;
  const { binding } = engine.backend;
  const type: Attribute = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
  const float = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_FLOAT, value });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const text = (name: string, value: string): Attribute => ({ name, type: binding.TF_ATTR_STRING, value });
  const statistics: Attribute = { name: 'U', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };

  const one = (op: string, attributes: Attribute[], inputs: Tensor[]): Tensor =>
    engine.backend.executeSingleOutput(op, [type, ...attributes], inputs);
  const many = (op: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[] =>
    engine.backend.executeMultipleOutputs(op, [type, ...attributes], inputs, outputs);

  /** `forward` computes the value and names what the gradient needs; `gradient` gives one tensor an input. */
  function differentiable(inputs: Tensor[], forward: () => { value: Tensor; saved: Tensor[] }, gradient: SavedGradient) {
    return tf.customGrad((...args) => {
      const save = args.at(-1) as unknown as (tensors: Tensor[]) => void;
      const { value, saved } = forward();
      save(saved);
      return { value, gradFunc: (dy, kept) => gradient(dy, kept) };
    })(...inputs);
  }

  /** Batch norm's kernels want NHWC; a dense layer's features become the channels of one pixel. */
  const asImage = (x: Tensor): Tensor4D =>
    (x.rank === 4 ? x : tf.reshape(x, [x.shape[0] ?? 0, 1, 1, x.shape[1] ?? 0])) as Tensor4D;

  return {
    dense: (x, kernel) => tf.matMul(x as Tensor2D, kernel as Tensor2D),
    conv: (x, kernel) => tf.conv2d(x as Tensor4D, kernel as Tensor4D, 2, 'same'),
    deconv(x, kernel) {
      const [batch = 0, height = 0, width = 0] = x.shape;
      const output: [number, number, number, number] = [batch, height * 2, width * 2, kernel.shape[2] ?? 0];
      return tf.conv2dTranspose(x as Tensor4D, kernel as Tensor4D, output, 2, 'same');
    },
    bias: (x, bias) =>
      differentiable(
        [x, bias],
        () => ({ value: one('BiasAdd', [text('data_format', 'NHWC')], [x, bias]), saved: [] }),
        (dy) => [dy.clone(), one('BiasAddGrad', [text('data_format', 'NHWC')], [dy])],
      ),
    relu: (x) =>
      differentiable(
        [x],
        () => {
          const value = one('Relu', [], [x]);
          return { value, saved: [value] };
        },
        (dy, [value]) => one('ReluGrad', [], [dy, value as Tensor]),
      ),
    leakyRelu: (x, slope) =>
      differentiable(
        [x],
        () => ({ value: one('LeakyRelu', [float('alpha', slope)], [x]), saved: [x] }),
        (dy, [input]) => one('LeakyReluGrad', [float('alpha', slope)], [dy, input as Tensor]),
      ),
    tanh: (x) =>
      differentiable(
        [x],
        () => {
          const value = one('Tanh', [], [x]);
          return { value, saved: [value] };
        },
        (dy, [value]) => one('TanhGrad', [], [value as Tensor, dy]),
      ),
    reshape: (x, shape) => tf.reshape(x, [x.shape[0] ?? 0, ...shape]),
    batchNorm(x, gamma, beta) {
      const attributes = [
        statistics,
        float('epsilon', BATCH_NORM_EPSILON),
        text('data_format', 'NHWC'),
        flag('is_training', true),
      ];
      let mean: Tensor | undefined;
      let variance: Tensor | undefined;
      const output = differentiable(
        [x, gamma, beta],
        () => {
          const image = asImage(x);
          const empty = tf.tensor1d([], 'float32');
          const outputs = many(
            'FusedBatchNormV3',
            [...attributes, float('exponential_avg_factor', 1)],
            [image, gamma, beta, empty, empty],
            6,
          ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
          mean = tf.keep(outputs[1]);
          variance = tf.keep(outputs[2]);
          return {
            value: tf.reshape(outputs[0], x.shape),
            saved: [image, gamma, outputs[3], outputs[4], outputs[5]],
          };
        },
        (dy, saved) => {
          const [dx, dGamma, dBeta] = many(
            'FusedBatchNormGradV3',
            attributes,
            [asImage(dy), ...saved],
            5,
          ) as [Tensor, Tensor1D, Tensor1D, Tensor, Tensor];
          return [tf.reshape(dx, x.shape), dGamma, dBeta];
        },
      );
      if (mean === undefined || variance === undefined) throw new Error('batch norm did not run forward');
      return { output, mean, variance };
    },
    normalise(x, gamma, beta, mean, variance) {
      const [output] = many(
        'FusedBatchNormV3',
        [statistics, float('epsilon', BATCH_NORM_EPSILON), text('data_format', 'NHWC'), flag('is_training', false)],
        [asImage(x), gamma, beta, mean, variance],
        6,
      ) as [Tensor];
      return tf.reshape(output, x.shape);
    },
  };
}

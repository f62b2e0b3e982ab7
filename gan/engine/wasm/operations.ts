/** The operations on tfjs's WebAssembly backend, composed of those of its kernels that are fast. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import { createConvolution } from '../convolution.js';
import type { Tfjs } from '../engine.js';
import { BATCH_NORM_EPSILON, type Operations } from '../operations.js';
import { createAdam } from './adam.js';
import { product2d } from './product.js';
import { sumOfAll, sumOverBatch } from './sums.js';

export function createOperations(tf: Tfjs): Operations {
  const reshape: Operations['reshape'] = (x, shape) => {
    const same = x.shape.length === shape.length && shape.every((size, i) => size === x.shape[i]);
    return same ? x : tf.reshape(x, [...shape]);
  };

  /** Of a matrix; a vector only changes its shape. */
  const transpose = (x: Tensor): Tensor => {
    const [rows = 1, columns = 1] = x.shape;
    return rows === 1 || columns === 1 ? reshape(x, [columns, rows]) : tf.transpose(x);
  };

  // Transposed first: with flags for it tfjs's own kernel is 40 times slower.
  const matMul: Operations['matMul'] = (a, b, transposeA = false, transposeB = false) =>
    product2d(tf, transposeA ? transpose(a) : a, transposeB ? transpose(b) : b);

  const convolution = createConvolution(
    tf,
    {
      matMul,
      reshape,
      forward: (x, kernel, stride) => tf.conv2d(x as Tensor4D, kernel as Tensor4D, stride, 'same'),
      inputGradient: (shape, kernel, dy) =>
        tf.conv2dTranspose(dy as Tensor4D, kernel as Tensor4D, shape as [number, number, number, number], 2, 'same'),
      kernelGradient: (x, shape, dy) =>
        tf.engine().runKernel(
          tf.Conv2DBackpropFilter,
          { x, dy },
          {
            ...{ strides: 2, pad: 'same', dataFormat: 'NHWC' },
            filterShape: [...shape],
          },
        ),
      depthToSpace(x) {
        const [batch = 0, height = 0, width = 0, depth = 0] = x.shape;
        const blocks = tf.reshape(x, [batch, height, width, 2, depth / 2]);
        // Its own kernel takes ten times as long.
        return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4]), [batch, 2 * height, 2 * width, depth / 4]);
      },
    },
    true,
  );

  return {
    matMul,
    convolution,
    reshape,
    bias: (x, bias) => tf.add(x, bias),
    biasGradient: (dy) => sumOverBatch(tf, dy),
    relu: (x) => tf.relu(x),
    reluGradient: (dy, output) => tf.mul(dy, tf.step(output)),
    // Its own kernel takes 15 times as long.
    leakyRelu: (x, slope) => tf.mul(x, tf.step(x, slope)),
    leakyReluGradient: (dy, x, slope) => tf.mul(dy, tf.step(x, slope)),
    tanh: (x) => tf.tanh(x),
    tanhGradient: (dy, output) => tf.mul(dy, tf.sub(1, tf.square(output))),
    batchNorm(x, gamma, beta) {
      const count = x.size / gamma.size;
      const mean = tf.div(sumOverBatch(tf, x), count);
      const centred = tf.sub(x, mean);
      const squares = sumOverBatch(tf, tf.square(centred));
      const scale = tf.rsqrt(tf.add(tf.div(squares, count), BATCH_NORM_EPSILON));
      const normalised = tf.mul(centred, scale);
      const output = tf.add(tf.mul(normalised, gamma), beta);
      return { output, mean, variance: tf.div(squares, count - 1), saved: [normalised, scale, gamma] };
    },
    /** Ioffe and Szegedy 2015, section 3, with the sums taken together. */
    batchNormGradient(dy, saved) {
      const [normalised, scale, gamma] = saved as [Tensor, Tensor, Tensor];
      const count = dy.size / gamma.size;
      const [dBeta, dGamma] = [sumOverBatch(tf, dy), sumOverBatch(tf, tf.mul(dy, normalised))];
      const mean = tf.add(tf.mul(normalised, tf.div(dGamma, count)), tf.div(dBeta, count));
      return [tf.mul(tf.sub(dy, mean), tf.mul(scale, gamma)), dGamma, dBeta];
    },
    normalise(x, gamma, beta, mean, variance) {
      const scale = tf.mul(tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON)), gamma);
      return tf.add(tf.mul(tf.sub(x, mean), scale), beta);
    },
    sum: (x) => sumOfAll(tf, x),
    sumOfSquares(x) {
      // In float64: tfjs's own sum of 800,000 floats in one row is off by 1e-4.
      let sum = 0;
      for (const value of x.dataSync<'float32'>()) sum += value * value;
      return sum;
    },
    split(vector, sizes) {
      // Its own kernel takes four times as long.
      let begin = 0;
      return sizes.map((size) => {
        const part = tf.slice(vector, [begin], [size]);
        begin += size;
        return part;
      });
    },
    adam: createAdam(tf),
  };
}

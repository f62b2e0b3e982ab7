/**
 * The convolution of operations.ts on an engine's own kernels, which are slow where an image has few channels, one or
 * three: they leave most of a vector register empty. On oneDNN the gradient for a [128, 28, 28, 1] image takes 3.7 ms
 * where the arithmetic is worth 0.1.
 *
 * There the convolution is unfolded into a matrix product (im2col): every window of the image becomes a row, by a
 * convolution with an identity kernel, and the gradient for the image adds the rows' gradients up where the windows
 * overlap (col2im), by a convolution with ones.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { constant } from './constants.js';
import type { Tfjs } from './engine.js';
import type { Convolution, Operations } from './operations.js';

const KERNEL = 4;
/** Up to so many channels an image is unfolded. */
const FEW_CHANNELS = 3;

/** What an engine computes of it with kernels of its own; 'same' padding. */
export interface ConvolutionKernels extends Pick<Operations, 'matMul' | 'reshape'> {
  forward(x: Tensor, kernel: Tensor, stride: 1 | 2): Tensor;
  /** Of the forward pass with stride 2. */
  inputGradient(shape: readonly number[], kernel: Tensor, dy: Tensor): Tensor;
  /** Likewise. */
  kernelGradient(x: Tensor, shape: readonly number[], dy: Tensor): Tensor;
  /** [batch, height, width, 4 * channels], by the pixels of a block of two by two → [batch, 2 * height, 2 * width, channels] */
  depthToSpace(x: Tensor): Tensor;
}

/** @param unfolds whether few channels are worth it */
export function createConvolution(tf: Tfjs, kernels: ConvolutionKernels, unfolds: boolean): Convolution {
  const { matMul, reshape } = kernels;
  const isFew = (channels: number) => unfolds && channels <= FEW_CHANNELS;
  const rows = (x: Tensor): Tensor => {
    const features = x.shape.at(-1) ?? 1;
    return reshape(x, [x.size / features, features]);
  };
  return {
    unfold(image) {
      const channels = image.shape[3] ?? 0;
      if (!isFew(channels)) return { image };
      const identity = constant(tf, `windows ${channels}`, () => windowKernel(tf, channels));
      return { image, windows: rows(kernels.forward(image, identity, 2)) };
    },
    forward({ image, windows }, kernel) {
      if (windows === undefined) return kernels.forward(image, kernel, 2);
      const [batch = 0, height = 0, width = 0] = image.shape;
      const product = matMul(windows, rows(kernel));
      return reshape(product, [batch, Math.ceil(height / 2), Math.ceil(width / 2), kernel.shape[3] ?? 0]);
    },
    inputGradient(shape, kernel, dy) {
      const [batch = 0, height = 0, width = 0, channels = 0] = shape;
      const [, half = 0, halfWidth = 0] = dy.shape;
      if (!isFew(channels) || height !== 2 * half || width !== 2 * halfWidth)
        return kernels.inputGradient(shape, kernel, dy);
      const windows = matMul(rows(dy), rows(kernel), false, true);
      const overlap = constant(tf, `overlap ${channels}`, () => overlapKernel(tf, channels));
      const images = reshape(windows, [batch, half, halfWidth, KERNEL * KERNEL * channels]);
      return kernels.depthToSpace(kernels.forward(images, overlap, 1));
    },
    kernelGradient({ image, windows }, shape, dy) {
      if (windows === undefined) return kernels.kernelGradient(image, shape, dy);
      return reshape(matMul(windows, rows(dy), true), shape);
    },
  };
}

/** A kernel that puts a window's values side by side, in the order of a kernel's own: [4, 4, channels, 16 * channels]. */
function windowKernel(tf: Tfjs, channels: number): Tensor {
  const size = KERNEL * KERNEL * channels;
  return tf.tidy(() => tf.reshape(tf.eye(size), [KERNEL, KERNEL, channels, size]));
}

/**
 * A kernel of ones and zeros that adds up, for each of the four pixels between which a stride of 2 steps (its phases),
 * what the overlapping windows say of it: [3, 3, 16 * channels, 4 * channels].
 *
 * Window i's row a is the image's row 2 i + a - 1 ('same' padding has one row above). So the phase r of row p, the
 * image's row 2 p + r, gets from the windows i = p + d their rows a = r + 1 - 2 d.
 */
function overlapKernel(tf: Tfjs, channels: number): Tensor {
  const [inputs, outputs] = [KERNEL * KERNEL * channels, 4 * channels];
  const values = new Float32Array(9 * inputs * outputs);
  const pairs = [0, 1].flatMap((phase) =>
    [-1, 0, 1].flatMap((d) => {
      const tap = phase + 1 - 2 * d;
      return tap >= 0 && tap < KERNEL ? [{ phase, d, tap }] : [];
    }),
  );
  for (const row of pairs) {
    for (const column of pairs) {
      const place = (row.d + 1) * 3 + column.d + 1;
      for (let channel = 0; channel < channels; channel += 1) {
        const input = (row.tap * KERNEL + column.tap) * channels + channel;
        const output = (row.phase * 2 + column.phase) * channels + channel;
        values[(place * inputs + input) * outputs + output] = 1;
      }
    }
  }
  return tf.tensor(values, [3, 3, inputs, outputs], 'float32');
}

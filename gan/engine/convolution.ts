/**
 * The 4x4 convolution with stride 2 and 'same' padding, and its two gradients.
 *
 * With few channels (an image's one or three) oneDNN's kernels leave most of a vector register empty: the gradient for
 * a [128, 28, 28, 1] image takes 3.7 ms where the arithmetic is worth 0.1. There the convolution is unfolded into a
 * matrix product (im2col): every window of the image becomes a row, by a convolution with an identity kernel, and the
 * gradient for the image adds the rows' gradients up where the windows overlap (col2im), by a convolution with ones.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { constant } from './constants.js';
import type { Engine } from './load.js';
import { type RawOps, rawOps } from './raw-ops.js';
import { createReshape, shapeTensor } from './reshape.js';

const KERNEL = 4;
/** Up to so many channels an image is unfolded. */
const FEW_CHANNELS = 3;

/** An image as a convolution reads it. */
export interface Unfolded {
  /** [batch, height, width, channels] */
  image: Tensor;
  /** Every window of the image as a row, [batch * height/2 * width/2, 16 * channels]; only where that is the faster way. */
  windows?: Tensor;
}

export interface Convolution {
  /** What `forward` and `kernelGradient` read; made once where both are wanted. */
  unfold(image: Tensor): Unfolded;
  /** x [batch, height, width, in], kernel [4, 4, in, out] → half the height and width. */
  forward(x: Unfolded, kernel: Tensor): Tensor;
  /** The gradient of `forward` for its input of this shape; as an operation of its own, the transposed convolution. */
  inputGradient(shape: readonly number[], kernel: Tensor, dy: Tensor): Tensor;
  /** The gradient of `forward` for its kernel of this shape. */
  kernelGradient(x: Unfolded, shape: readonly number[], dy: Tensor): Tensor;
}

export function createConvolution(engine: Engine): Convolution {
  const raw = rawOps(engine);
  const reshape = createReshape(engine);
  const nhwc = raw.text('data_format', 'NHWC');
  const strided = (stride: number) => [
    raw.type('T'),
    raw.ints('strides', [1, stride, stride, 1]),
    raw.text('padding', 'SAME'),
    nhwc,
    raw.ints('dilations', [1, 1, 1, 1]),
  ];
  const [everyPixel, everySecond] = [strided(1), strided(2)];
  const sizes = (shape: readonly number[]) => shapeTensor(engine, shape);
  // A card has kernels of its own for few channels.
  const isFew = (channels: number) => engine.description.device === 'cpu' && channels <= FEW_CHANNELS;
  const rows = (x: Tensor): Tensor => {
    const features = x.shape.at(-1) ?? 1;
    return reshape(x, [x.size / features, features]);
  };

  const whole = {
    forward: (x: Tensor, kernel: Tensor) => raw.one('Conv2D', [x, kernel], ...everySecond),
    inputGradient: (shape: readonly number[], kernel: Tensor, dy: Tensor) =>
      raw.one('Conv2DBackpropInput', [sizes(shape), kernel, dy], ...everySecond),
  };
  return {
    unfold(image) {
      const channels = image.shape[3] ?? 0;
      if (!isFew(channels)) return { image };
      const identity = constant(engine, `windows ${channels}`, () => windowKernel(engine, channels));
      return { image, windows: rows(whole.forward(image, identity)) };
    },
    forward({ image, windows }, kernel) {
      if (windows === undefined) return whole.forward(image, kernel);
      const [batch = 0, height = 0, width = 0] = image.shape;
      const product = product2d(raw, windows, rows(kernel));
      return reshape(product, [batch, Math.ceil(height / 2), Math.ceil(width / 2), kernel.shape[3] ?? 0]);
    },
    inputGradient(shape, kernel, dy) {
      const [batch = 0, height = 0, width = 0, channels = 0] = shape;
      const [, half = 0, halfWidth = 0] = dy.shape;
      if (!isFew(channels) || height !== 2 * half || width !== 2 * halfWidth)
        return whole.inputGradient(shape, kernel, dy);
      const windows = product2d(raw, rows(dy), rows(kernel), { transposeB: true });
      const overlap = constant(engine, `overlap ${channels}`, () => overlapKernel(engine, channels));
      const phases = raw.one(
        'Conv2D',
        [reshape(windows, [batch, half, halfWidth, KERNEL * KERNEL * channels]), overlap],
        ...everyPixel,
      );
      return raw.one('DepthToSpace', [phases], raw.type('T'), raw.ints('block_size', 2), nhwc);
    },
    kernelGradient({ image, windows }, shape, dy) {
      if (windows === undefined) return raw.one('Conv2DBackpropFilter', [image, sizes(shape), dy], ...everySecond);
      return reshape(product2d(raw, windows, rows(dy), { transposeA: true }), shape);
    },
  };
}

/** a [m, k] times b [k, n], either transposed on the way. */
export function product2d(raw: RawOps, a: Tensor, b: Tensor, { transposeA = false, transposeB = false } = {}): Tensor {
  const transposed = [raw.flag('transpose_a', transposeA), raw.flag('transpose_b', transposeB)];
  return raw.one('MatMul', [a, b], raw.type('T'), ...transposed);
}

/** A kernel that puts a window's values side by side, in the order of a kernel's own: [4, 4, channels, 16 * channels]. */
function windowKernel({ tf }: Engine, channels: number): Tensor {
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
function overlapKernel({ tf }: Engine, channels: number): Tensor {
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

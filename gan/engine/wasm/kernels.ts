/**
 * The two gradients of a convolution that tfjs's WebAssembly backend lacks (for the filter) or computes slowly (for the
 * input: 364 ms where the forward pass takes 40), composed of its own fast kernels and registered for that backend
 * alone: all of tfjs has them then, also tf.grad, layers models and tf.conv2dTranspose.
 *
 * NHWC; any filter, stride and padding, no dilation.
 */
import type { Conv2DBackpropFilterAttrs, Conv2DBackpropInputAttrs, Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Tfjs } from '../engine.js';

type Shape4D = [number, number, number, number];
type Attributes = Omit<Conv2DBackpropInputAttrs, 'inputShape'>;

/** A convolution along one spatial axis. */
interface Axis {
  input: number;
  output: number;
  filter: number;
  stride: number;
  /** Zeros before and after the input. */
  before: number;
  after: number;
}

const BACKEND = 'wasm';

export function registerConvolutionGradients(tf: Tfjs): void {
  register(tf, 'Conv2DBackpropFilter', ({ x, dy }, attrs) => {
    const { filterShape, ...how } = attrs as Conv2DBackpropFilterAttrs;
    return filterGradient(tf, x as Tensor4D, dy as Tensor4D, axesOf(tf, (x as Tensor4D).shape, filterShape, how));
  });
  register(tf, 'Conv2DBackpropInput', ({ dy, filter }, attrs) => {
    const { inputShape, ...how } = attrs as Conv2DBackpropInputAttrs;
    const kernel = filter as Tensor4D;
    return inputGradient(tf, kernel, dy as Tensor4D, axesOf(tf, inputShape, kernel.shape, how));
  });
}

function register(
  tf: Tfjs,
  kernelName: string,
  compute: (inputs: Readonly<Record<string, unknown>>, attrs: unknown) => Tensor,
): void {
  // Else tfjs warns that there is one already.
  if (tf.getKernel(kernelName, BACKEND)) tf.unregisterKernel(kernelName, BACKEND);
  const kernelFunc = ({ inputs, attrs }: { inputs: object; attrs?: object }) =>
    tf.tidy(() => compute(inputs as Record<string, unknown>, attrs));
  tf.registerKernel({ kernelName, backendName: BACKEND, kernelFunc });
}

/**
 * dW[a, b, i, o] = sum over n, y, x of X[n, s y + a - p, s x + b - p, i] dY[n, y, x, o]: a convolution of the transposed
 * image, whose batch is its channels and whose channels its batch, with dY as a filter dilated by the stride.
 */
function filterGradient(tf: Tfjs, x: Tensor4D, dy: Tensor4D, [rows, columns]: readonly [Axis, Axis]): Tensor {
  const image: Tensor4D = tf.transpose(x, [3, 1, 2, 0]);
  const filter: Tensor4D = tf.transpose(dy, [1, 2, 0, 3]);
  const padding = padded([rows.before, rows.after], [columns.before, columns.after]);
  const gradient = tf.conv2d(image, filter, 1, padding, 'NHWC', [rows.stride, columns.stride]);
  // Pixels at the image's end that no window covers make taps that the filter does not have.
  const [channels, , , filters] = gradient.shape;
  const taps = tf.slice(gradient, [0, 0, 0, 0], [channels, rows.filter, columns.filter, filters]);
  return tf.transpose(taps, [1, 2, 0, 3]);
}

/**
 * dX[n, s y + r, s x + c, i] for one phase (r, c) of the pixels between which a stride steps is a convolution with
 * stride 1 of dY with the taps W[a, b] for which s divides r + p - a and c + p - b. The phases lie between each other.
 */
function inputGradient(tf: Tfjs, filter: Tensor4D, dy: Tensor4D, [rows, columns]: readonly [Axis, Axis]): Tensor {
  const [batch, , , filters] = dy.shape;
  const channels = filter.shape[2];
  const turned: Tensor4D = tf.transpose(filter, [0, 1, 3, 2]);
  const [down, across] = [phasesOf(rows), phasesOf(columns)];
  const phase = (row: Phase, column: Phase): Tensor4D => {
    if (row.taps.length === 0 || column.taps.length === 0) return tf.zeros([batch, row.count, column.count, channels]);
    const taps = row.taps.flatMap((a) => column.taps.map((b) => tf.slice(turned, [a, b, 0, 0], [1, 1, -1, -1])));
    const kernel: Tensor4D = tf.reshape(tf.concat(taps, 0), [row.taps.length, column.taps.length, filters, channels]);
    const begin: Shape4D = [0, row.crop[0], column.crop[0], 0];
    const size: Shape4D = [batch, rows.output - sum(row.crop), columns.output - sum(column.crop), filters];
    const seen = [...row.crop, ...column.crop].every((crop) => crop === 0) ? dy : tf.slice(dy, begin, size);
    return tf.conv2d(seen, kernel, 1, padded(row.pad, column.pad));
  };
  // Rows of a tensor that lie beside each other in memory: putting phases between each other is joining longer and longer rows.
  const lines = down.map((row) => {
    const parts = across.map((column) => phase(row, column));
    const line: Tensor4D = tf.reshape(tf.concat(parts, 3), [batch, row.count, 1, -1]);
    return line;
  });
  const [height, width] = [(down[0] as Phase).count * rows.stride, (across[0] as Phase).count * columns.stride];
  const whole: Tensor4D = tf.reshape(tf.concat(lines, 2), [batch, height, width, channels]);
  if (height === rows.input && width === columns.input) return whole;
  return tf.slice(whole, [0, 0, 0, 0], [batch, rows.input, columns.input, channels]);
}

/** Of the pixels r, r + s, r + 2 s, ... of an axis. */
interface Phase {
  /** As many in every phase; what is beyond the input is dropped in the end. */
  count: number;
  /** Of the filter, in the order in which they meet dY; none where they all miss it. */
  taps: number[];
  /** Zeros around dY, before and after, and what is cut off it. */
  pad: [number, number];
  crop: [number, number];
}

function phasesOf({ input, output, filter, stride, before }: Axis): Phase[] {
  const count = Math.ceil(input / stride);
  return Array.from({ length: stride }, (_, r) => {
    const taps = Array.from({ length: filter }, (_, a) => filter - 1 - a).filter(
      (a) => (r + before - a) % stride === 0,
    );
    // Pixel s y + r meets dY[y + first] by the first tap, dY[y + first + 1] by the next.
    const first = (r + before - (taps[0] ?? 0)) / stride;
    const beyond = [-first, count - 1 + first + taps.length - output] as const;
    const pad = beyond.map((zeros) => Math.max(0, zeros)) as [number, number];
    const crop = beyond.map((zeros) => Math.max(0, -zeros)) as [number, number];
    return { count, taps: sum(crop) < output ? taps : [], pad, crop };
  });
}

/** Rows and columns, by the rules of tfjs's forward pass. */
function axesOf(tf: Tfjs, inputShape: Shape4D, filterShape: Shape4D, attributes: Attributes): readonly [Axis, Axis] {
  const { strides, pad, dimRoundingMode, dataFormat } = attributes;
  if (dataFormat !== 'NHWC') throw new Error(`a convolution's gradient on wasm takes NHWC, not ${dataFormat}`);
  const info = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode);
  return [
    {
      input: info.inHeight,
      output: info.outHeight,
      filter: info.filterHeight,
      stride: info.strideHeight,
      before: info.padInfo.top,
      after: info.padInfo.bottom,
    },
    {
      input: info.inWidth,
      output: info.outWidth,
      filter: info.filterWidth,
      stride: info.strideWidth,
      before: info.padInfo.left,
      after: info.padInfo.right,
    },
  ];
}

function padded(
  rows: [number, number],
  columns: [number, number],
): [[0, 0], [number, number], [number, number], [0, 0]] {
  return [[0, 0], rows, columns, [0, 0]];
}

function sum([a, b]: readonly [number, number]): number {
  return a + b;
}

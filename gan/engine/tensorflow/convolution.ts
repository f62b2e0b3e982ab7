/** The convolution's kernels as TensorFlow's ops. */
import type { Tensor } from '@tensorflow/tfjs';
import type { ConvolutionKernels } from '../convolution.js';
import type { Operations } from '../operations.js';
import type { Native } from './native.js';
import { rawOps } from './raw-ops.js';
import { shapeTensor } from './reshape.js';

export function convolutionKernels(
  native: Native,
  { matMul, reshape }: Pick<Operations, 'matMul' | 'reshape'>,
): ConvolutionKernels {
  const raw = rawOps(native);
  const nhwc = raw.text('data_format', 'NHWC');
  const strided = (stride: number) => [
    raw.type('T'),
    raw.ints('strides', [1, stride, stride, 1]),
    raw.text('padding', 'SAME'),
    nhwc,
    raw.ints('dilations', [1, 1, 1, 1]),
  ];
  const attributes = { 1: strided(1), 2: strided(2) };
  const sizes = (shape: readonly number[]) => shapeTensor(native, shape);
  return {
    matMul,
    reshape,
    forward: (x, kernel, stride) => raw.one('Conv2D', [x, kernel], ...attributes[stride]),
    inputGradient: (shape, kernel, dy) => raw.one('Conv2DBackpropInput', [sizes(shape), kernel, dy], ...attributes[2]),
    kernelGradient: (x, shape, dy) => raw.one('Conv2DBackpropFilter', [x, sizes(shape), dy], ...attributes[2]),
    depthToSpace: (x: Tensor) => raw.one('DepthToSpace', [x], raw.type('T'), raw.ints('block_size', 2), nhwc),
  };
}

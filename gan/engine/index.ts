/** The only door to tfjs: what the rest of gan/ may use of it. */
export type { LayersModel, Scalar, Tensor } from '@tensorflow/tfjs';
export { createAdamOp } from './adam.js';
export type { Convolution } from './convolution.js';
export { type Engine, loadEngine } from './load.js';
export { type Reshape, createReshape } from './reshape.js';
export { type Operations, BATCH_NORM_EPSILON, createOperations } from './operations.js';

/** The only door to tfjs: what the rest of gan/ may use of it. */
export type { LayersModel, Scalar, Tensor } from '@tensorflow/tfjs';
export type { Engine } from './engine.js';
export { type LoadOptions, loadEngine } from './load.js';
export { saveModel } from './model-files.js';
export { type ApplyAdam, type Convolution, type Operations, type Reshape, BATCH_NORM_EPSILON } from './operations.js';

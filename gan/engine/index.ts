/** The only door to tfjs: what the rest of gan/ may use of it. */
export type { LayersModel, Scalar, Tensor } from '@tensorflow/tfjs';
export { type Engine, loadEngine } from './load.js';
export { type BatchNormResult, type Operations, BATCH_NORM_EPSILON, createOperations } from './operations.js';
export { type Differentiated, differentiate, externalLoss } from './differentiate.js';

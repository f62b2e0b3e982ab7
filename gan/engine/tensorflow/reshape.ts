/** Another shape for the same values. tfjs's own makes, uploads and disposes of a tensor for every shape that it is asked for. */
import type { Tensor } from '@tensorflow/tfjs';
import { constant } from '../constants.js';
import type { Reshape } from '../operations.js';
import type { Native } from './native.js';
import { rawOps } from './raw-ops.js';

/** @returns a shape as a tensor, int32, as ops take it; not the caller's to dispose of */
export function shapeTensor({ tf }: Native, shape: readonly number[]): Tensor {
  return constant(tf, `shape ${shape.join()}`, () => tf.tensor1d([...shape], 'int32'));
}

export function createReshape(native: Native): Reshape {
  const raw = rawOps(native);
  const types = [raw.type('T'), { ...raw.type('Tshape'), value: native.backend.binding.TF_INT32 }];
  return (x, shape) => {
    const same = x.shape.length === shape.length && shape.every((size, i) => size === x.shape[i]);
    return same ? x : raw.one('Reshape', [x, shapeTensor(native, shape)], ...types);
  };
}

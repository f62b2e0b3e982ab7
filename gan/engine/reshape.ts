/** Another shape for the same values. tfjs's own makes, uploads and disposes of a tensor for every shape that it is asked for. */
import type { Tensor } from '@tensorflow/tfjs';
import { constant } from './constants.js';
import type { Engine } from './load.js';
import { rawOps } from './raw-ops.js';

/** @returns the tensor itself where it has that shape already */
export type Reshape = (x: Tensor, shape: readonly number[]) => Tensor;

/** @returns a shape as a tensor, int32, as ops take it; not the caller's to dispose of */
export function shapeTensor(engine: Engine, shape: readonly number[]): Tensor {
  return constant(engine, `shape ${shape.join()}`, () => engine.tf.tensor1d([...shape], 'int32'));
}

export function createReshape(engine: Engine): Reshape {
  const raw = rawOps(engine);
  const types = [raw.type('T'), { ...raw.type('Tshape'), value: engine.backend.binding.TF_INT32 }];
  return (x, shape) => {
    const same = x.shape.length === shape.length && shape.every((size, i) => size === x.shape[i]);
    return same ? x : raw.one('Reshape', [x, shapeTensor(engine, shape)], ...types);
  };
}

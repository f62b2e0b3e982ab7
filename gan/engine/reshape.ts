/** Another shape for the same values. tfjs's own makes, uploads and disposes of a tensor for every shape that it is asked for. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from './load.js';
import { rawOps } from './raw-ops.js';

/** @returns the tensor itself where it has that shape already */
export type Reshape = (x: Tensor, shape: readonly number[]) => Tensor;

/** Shapes that ops take as tensors: a few for each network, made once and kept. */
const kept = new WeakMap<Engine, Map<string, Tensor>>();

/** @returns a shape as a tensor, int32; not the caller's to dispose of */
export function shapeTensor(engine: Engine, shape: readonly number[]): Tensor {
  const shapes = kept.get(engine) ?? new Map<string, Tensor>();
  kept.set(engine, shapes);
  const name = shape.join();
  const known = shapes.get(name) ?? engine.tf.keep(engine.tf.tensor1d([...shape], 'int32'));
  shapes.set(name, known);
  return known;
}

export function createReshape(engine: Engine): Reshape {
  const raw = rawOps(engine);
  const types = [raw.type('T'), { ...raw.type('Tshape'), value: engine.backend.binding.TF_INT32 }];
  return (x, shape) => {
    const same = x.shape.length === shape.length && shape.every((size, i) => size === x.shape[i]);
    return same ? x : raw.one('Reshape', [x, shapeTensor(engine, shape)], ...types);
  };
}

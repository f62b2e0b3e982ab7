/** Tensors that never change: a few for each network, made once for an engine and kept. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from './load.js';

const kept = new WeakMap<Engine, Map<string, Tensor>>();

/** @param name says all that the tensor depends on @returns the one that was made first; not the caller's to dispose of */
export function constant(engine: Engine, name: string, make: () => Tensor): Tensor {
  const tensors = kept.get(engine) ?? new Map<string, Tensor>();
  kept.set(engine, tensors);
  const tensor = tensors.get(name) ?? engine.tf.keep(make());
  tensors.set(name, tensor);
  return tensor;
}

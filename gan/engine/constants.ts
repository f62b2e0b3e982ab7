/** Tensors that never change: a few for each network, made once for an engine and kept. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from './engine.js';

/** What is loaded of an engine: all that its constants need. */
type Owner = Pick<Engine, 'tf'>;

const kept = new WeakMap<Owner, Map<string, Tensor>>();

/** @param name says all that the tensor depends on @returns the one that was made first; not the caller's to dispose of */
export function constant(owner: Owner, name: string, make: () => Tensor): Tensor {
  const tensors = kept.get(owner) ?? new Map<string, Tensor>();
  kept.set(owner, tensors);
  const tensor = tensors.get(name) ?? owner.tf.keep(make());
  tensors.set(name, tensor);
  return tensor;
}

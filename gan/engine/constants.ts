/** Tensors that never change: a few for each network, made once for the engine that this process has loaded, and kept. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Tfjs } from './engine.js';

const kept = new Map<string, Tensor>();

/** @param name says all that the tensor depends on @returns the one that was made first; not the caller's to dispose of */
export function constant(tf: Tfjs, name: string, make: () => Tensor): Tensor {
  const tensor = kept.get(name) ?? tf.keep(make());
  kept.set(name, tensor);
  return tensor;
}

import type { Architecture } from './architecture.js';
import type { Engine } from '../engine/index.js';
import type { NamedArray } from './initialise.js';
import { Pass } from './network.js';

/**
 * What a generator makes of latents, by its moving statistics.
 *
 * @param weights by the names of its architecture
 * @param z [n, latent]
 * @returns [n, ...sample]
 */
export function drawSamples(
  engine: Engine,
  architecture: Architecture,
  weights: readonly NamedArray[],
  z: Float32Array,
): Float32Array<ArrayBuffer> {
  const { tf } = engine;
  const size = architecture.input[0] ?? 1;
  const tensors = Object.fromEntries(
    weights.map(({ name, shape, data }) => [name, tf.tensor(data, [...shape], 'float32')]),
  );
  try {
    using pass = new Pass(engine, architecture, tensors, tf.tensor2d(z, [z.length / size, size], 'float32'), false);
    return Float32Array.from(pass.values());
  } finally {
    tf.dispose(tensors);
  }
}

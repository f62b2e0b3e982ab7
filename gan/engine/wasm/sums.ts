/** Sums over all axes, and over all but the last. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Tfjs } from '../engine.js';

/**
 * As means, by average pooling: tfjs's own sum takes 6 to 15 times as long, in one long row in which more is rounded
 * away. First over the batch, then over the pixels.
 *
 * @param x [batch, ..., features] @returns [features]
 */
export function sumOverBatch(tf: Tfjs, x: Tensor): Tensor {
  const batch = x.shape[0] ?? 1;
  const features = x.shape.at(-1) ?? 1;
  const pixels = x.size / batch / features;
  const overBatch = meanOfRows(tf, x, batch, pixels * features);
  const mean = pixels === 1 ? overBatch : meanOfRows(tf, overBatch, pixels, features);
  return tf.mul(tf.reshape(mean, [features]), batch * pixels);
}

/** By its rows and then by its columns, likewise. @returns a scalar */
export function sumOfAll(tf: Tfjs, x: Tensor): Tensor {
  const columns = x.rank < 2 ? 1 : (x.shape.at(-1) ?? 1);
  const mean = meanOfRows(tf, meanOfRows(tf, x, x.size / columns, columns), columns, 1);
  return tf.mul(tf.reshape(mean, []), x.size);
}

function meanOfRows(tf: Tfjs, x: Tensor, rows: number, columns: number): Tensor4D {
  const image: Tensor4D = tf.reshape(x, [1, rows, 1, columns]);
  return tf.avgPool(image, [rows, 1], 1, 'valid');
}

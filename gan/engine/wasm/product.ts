import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Tfjs } from '../engine.js';

/**
 * a [m, k] times b [k, n], as a convolution of one pixel. Not tf.matMul: it keeps what it has made of b for the next
 * product, and looks it up by b's memory without its shape; after a reshape, which shares the memory, it computes with
 * the old shape (tfjs 4.22). A convolution's key has the shape. They take the same time.
 */
export function product2d(tf: Tfjs, a: Tensor, b: Tensor): Tensor {
  const [m = 1, k = 1] = a.shape;
  const n = b.shape[1] ?? 1;
  const [rows, pixel]: [Tensor4D, Tensor4D] = [tf.reshape(a, [1, m, 1, k]), tf.reshape(b, [1, 1, k, n])];
  return tf.reshape(tf.conv2d(rows, pixel, 1, 'valid'), [m, n]);
}

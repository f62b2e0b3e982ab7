/** Adam's update as elementwise ops of tfjs, each one pass over the vectors. */
import type { Tfjs } from '../engine.js';
import type { ApplyAdam } from '../operations.js';

export function createAdam(tf: Tfjs): ApplyAdam {
  return (old, gradient, { stepSize, beta1, beta2, epsilon }) =>
    tf.tidy(() => {
      const [rate1, rate2] = [beta1, beta2].map((beta) => Math.fround(1 - Math.fround(beta))) as [number, number];
      const m = tf.add(old.m, tf.mul(tf.sub(gradient, old.m), rate1));
      const v = tf.add(old.v, tf.mul(tf.sub(tf.square(gradient), old.v), rate2));
      const change = tf.div(tf.mul(m, stepSize), tf.add(tf.sqrt(v), epsilon));
      return { weights: tf.sub(old.weights, change), m, v };
    });
}

/** Gradients by tfjs's tape, and the op whose value and gradient are computed outside of it. */
import type { Scalar, Tensor } from '@tensorflow/tfjs';
import type { Engine } from './load.js';

export interface Differentiated {
  value: number;
  /** d value / d x for every x asked for, by name, in their order. The caller disposes of them. */
  gradients: Record<string, Tensor>;
}

/** Runs `f` once forward, then once backward for the named tensors and nothing else. */
export function differentiate(engine: Engine, xs: Readonly<Record<string, Tensor>>, f: () => Scalar): Differentiated {
  const names = Object.keys(xs);
  const { value, grads } = engine.tf.valueAndGrads((..._args: Tensor[]) => f())(Object.values(xs));
  const scalar = value.dataSync()[0] ?? Number.NaN;
  value.dispose();
  return { value: scalar, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i] as Tensor])) };
}

/**
 * A scalar of `x` that is not computed by tensors: `evaluate` gets x's values and gives the scalar and its gradient,
 * shaped like x. The adversarial losses are computed this way from a few hundred logits, and so is the
 * discriminator as a generator sees it: there `evaluate` asks another process and waits for its answer.
 */
export function externalLoss(
  engine: Engine,
  x: Tensor,
  evaluate: (values: Float32Array) => { value: number; gradient: Float32Array },
): Scalar {
  const { tf } = engine;
  return tf.customGrad((input) => {
    const { value, gradient } = evaluate((input as Tensor).dataSync<'float32'>());
    return {
      value: tf.scalar(value),
      gradFunc: (dy: Tensor) => dy.mul(tf.tensor(gradient, x.shape, 'float32')),
    };
  })(x) as Scalar;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) as torch.optim.Adam computes it, as a pure function:
 * the old weights and moments stay untouched until the step is committed.
 */
import type { Engine, Tensor } from '../engine/index.js';

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** First and second moments of a vector of weights, and how many updates they have seen. */
export interface AdamState {
  m: Tensor;
  v: Tensor;
  updates: number;
}

export interface AdamUpdate {
  weights: Tensor;
  state: AdamState;
}

/** @param weights and gradient, vectors of one length @returns new tensors, the caller's */
export type Adam = (options: AdamOptions, weights: Tensor, gradient: Tensor, state: AdamState) => AdamUpdate;

export function createAdam(engine: Engine): Adam {
  const apply = engine.operations.adam;
  return ({ learningRate, beta1, beta2, epsilon }, weights, gradient, state) => {
    // The op takes 1 - beta in float32, where 1 - 0.999 is 5e-5 too much: the bias correction is of what it really does.
    const [decay1, decay2] = [beta1, beta2].map((beta) => 1 - Math.fround(1 - Math.fround(beta))) as [number, number];
    const updates = state.updates + 1;
    const rootOfCorrection = Math.sqrt(1 - decay2 ** updates);
    // m / (1 - beta1^t) / (sqrt(v) / root + epsilon), with the root taken out of the denominator.
    const next = apply({ weights, m: state.m, v: state.v }, gradient, {
      stepSize: (learningRate * rootOfCorrection) / (1 - decay1 ** updates),
      beta1,
      beta2,
      epsilon: epsilon * rootOfCorrection,
    });
    return { weights: next.weights, state: { m: next.m, v: next.v, updates } };
  };
}

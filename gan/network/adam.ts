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

/** @param weights and gradient, of one shape @returns new tensors, the caller's */
export function adamUpdate(
  engine: Engine,
  { learningRate, beta1, beta2, epsilon }: AdamOptions,
  weights: Tensor,
  gradient: Tensor,
  state: AdamState,
): AdamUpdate {
  const updates = state.updates + 1;
  const stepSize = learningRate / (1 - beta1 ** updates);
  const rootOfCorrection = Math.sqrt(1 - beta2 ** updates);
  const [next, m, v] = engine.tf.tidy(() => {
    const first = state.m.mul(beta1).add(gradient.mul(1 - beta1));
    const second = state.v.mul(beta2).add(gradient.square().mul(1 - beta2));
    const step = first.mul(stepSize).div(second.sqrt().div(rootOfCorrection).add(epsilon));
    return [weights.sub(step), first, second] as [Tensor, Tensor, Tensor];
  });
  return { weights: next, state: { m, v, updates } };
}

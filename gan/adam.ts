/**
 * Adam (Kingma and Ba 2015, algorithm 1) as torch.optim.Adam computes it, as a pure function:
 * the old weights and moments stay untouched until the step is committed.
 */
import type { Engine, Tensor } from './engine/index.js';

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** First and second moments by parameter, and how many updates they have seen. */
export interface AdamState {
  m: Readonly<Record<string, Tensor>>;
  v: Readonly<Record<string, Tensor>>;
  updates: number;
}

export interface AdamUpdate {
  weights: Record<string, Tensor>;
  state: AdamState;
}

/** @param gradients by name; what has no gradient is not updated and not in the result */
export function adamUpdate(
  engine: Engine,
  options: AdamOptions,
  weights: Readonly<Record<string, Tensor>>,
  gradients: Readonly<Record<string, Tensor>>,
  state: AdamState,
): AdamUpdate {
  const { learningRate, beta1, beta2, epsilon } = options;
  const updates = state.updates + 1;
  const stepSize = learningRate / (1 - beta1 ** updates);
  const rootOfCorrection = Math.sqrt(1 - beta2 ** updates);
  const next: AdamUpdate = { weights: {}, state: { m: {}, v: {}, updates } };
  const m: Record<string, Tensor> = {};
  const v: Record<string, Tensor> = {};
  for (const [name, gradient] of Object.entries(gradients)) {
    const [newWeight, newM, newV] = engine.tf.tidy(() => {
      const first = required(state.m, name)
        .mul(beta1)
        .add(gradient.mul(1 - beta1));
      const second = required(state.v, name)
        .mul(beta2)
        .add(gradient.square().mul(1 - beta2));
      const step = first.mul(stepSize).div(second.sqrt().div(rootOfCorrection).add(epsilon));
      return [required(weights, name).sub(step), first, second] as [Tensor, Tensor, Tensor];
    });
    next.weights[name] = newWeight;
    m[name] = newM;
    v[name] = newV;
  }
  next.state = { m, v, updates };
  return next;
}

function required(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = tensors[name];
  if (found === undefined) throw new Error(`Adam has no state for '${name}'`);
  return found;
}

import { test } from 'node:test';
import { type AdamState, adamUpdate } from '../../../gan/network/adam.js';
import type { Tensor } from '../../../gan/engine/index.js';
import { testEngine } from '../../support/engine.js';
import { type ReferenceTensor, assertClose, floats, readReference } from '../../support/reference.js';

interface AdamReference {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  parameter: ReferenceTensor;
  gradients: ReferenceTensor[];
  parameters: ReferenceTensor[];
  m: ReferenceTensor;
  v: ReferenceTensor;
}

test("ten updates give torch.optim.Adam's parameters and moments, gradients as small as epsilon included", async () => {
  const engine = await testEngine();
  const { parameter, gradients, parameters, m, v, ...options } = readReference<AdamReference>('adam');
  let weights: Tensor = engine.tf.tensor(floats(parameter));
  let state: AdamState = {
    m: engine.tf.zerosLike(weights),
    v: engine.tf.zerosLike(weights),
    updates: 0,
  };
  for (const [step, gradient] of gradients.entries()) {
    const update = adamUpdate(engine, options, weights, engine.tf.tensor(floats(gradient)), state);
    weights = update.weights;
    state = update.state;
    assertClose(weights.dataSync(), parameters[step]?.values ?? [], 5e-7, `parameters after update ${step + 1}`);
  }
  assertClose(state.m.dataSync(), m.values, 1e-6, 'first moment');
  assertClose(state.v.dataSync(), v.values, 1e-6, 'second moment');
});

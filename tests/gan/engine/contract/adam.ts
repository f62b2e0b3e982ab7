import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine, Tensor } from '../../../../gan/engine/index.js';
import { type AdamState, createAdam } from '../../../../gan/network/adam.js';
import { type ReferenceTensor, assertClose, floats, readReference } from '../../../support/numbers/reference.js';

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

export function testAdam(engine: Engine): void {
  test("ten updates give torch.optim.Adam's parameters and moments, gradients as small as epsilon included", () => {
    const { parameter, gradients, parameters, m, v, ...options } = readReference<AdamReference>('adam');
    const adam = createAdam(engine);
    let weights: Tensor = engine.tf.tensor(floats(parameter));
    let state: AdamState = {
      m: engine.tf.zerosLike(weights),
      v: engine.tf.zerosLike(weights),
      updates: 0,
    };
    for (const [step, gradient] of gradients.entries()) {
      const update = adam(options, weights, engine.tf.tensor(floats(gradient)), state);
      weights = update.weights;
      state = update.state;
      assertClose(weights.dataSync(), parameters[step]?.values ?? [], 5e-7, `parameters after update ${step + 1}`);
    }
    assertClose(state.m.dataSync(), m.values, 1e-6, 'first moment');
    // The op's float32 1 - beta2 is off by up to 5e-5; the bias correction takes that out of the parameters again.
    assertClose(state.v.dataSync(), v.values, 5e-5, 'second moment');
  });

  test('an update leaves the weights and moments that it began with as they were: they may be what a step goes back to', () => {
    const { parameter, gradients, ...options } = readReference<AdamReference>('adam');
    const adam = createAdam(engine);
    const weights: Tensor = engine.tf.tensor(floats(parameter));
    const gradient: Tensor = engine.tf.tensor(floats(gradients[0] as ReferenceTensor));
    const state = { m: engine.tf.zerosLike(weights), v: engine.tf.zerosLike(weights), updates: 0 };
    const first = adam(options, weights, gradient, state);
    const again = adam(options, weights, gradient, state);
    assert.deepEqual(weights.dataSync(), floats(parameter));
    assert.ok(state.m.dataSync().every((value) => value === 0));
    assert.ok(state.v.dataSync().every((value) => value === 0));
    assert.deepEqual(again.weights.dataSync(), first.weights.dataSync());
    assert.notDeepEqual(first.weights.dataSync(), weights.dataSync());
  });
}

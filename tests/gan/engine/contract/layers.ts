import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../../../../gan/engine/index.js';
import {
  type Architecture,
  discriminatorArchitecture,
  generatorArchitecture,
} from '../../../../gan/network/architecture.js';
import { Pass } from '../../../../gan/network/network.js';
import {
  type ReferenceTensor,
  type ReferenceWeights,
  assertClose,
  floats,
  readReference,
} from '../../../support/numbers/reference.js';

interface NetworkReference {
  weights: ReferenceWeights;
  input: ReferenceTensor;
  upstream: ReferenceTensor;
  output: ReferenceTensor;
  inferenceOutput?: ReferenceTensor;
  inputGradient: ReferenceTensor;
  gradients: ReferenceWeights;
  statistics: ReferenceWeights;
}

/** float32 sums of a few hundred products in another order; PyTorch differs from its own float64 by as much. */
const TOLERANCE = 2e-5;

const reference = readReference<Record<string, NetworkReference>>('layers');
const image = { sample: [28, 28, 1], latent: 6, width: 1 / 16 };
const points = { sample: [2], latent: 2, width: 1 / 8 };
const networks: Record<string, Architecture> = {
  'image-generator': generatorArchitecture(image),
  'image-discriminator': discriminatorArchitecture(image),
  'mlp-generator': generatorArchitecture(points),
  'mlp-discriminator': discriminatorArchitecture(points),
};

export function testLayers(engine: Engine): void {
  function tensors(weights: ReferenceWeights) {
    return Object.fromEntries(
      Object.entries(weights).map(([name, tensor]) => [
        name,
        engine.tf.tensor(floats(tensor), tensor.shape, 'float32'),
      ]),
    );
  }

  for (const [name, architecture] of Object.entries(networks)) {
    const expected = reference[name] as NetworkReference;
    const input = () => engine.tf.tensor(floats(expected.input), expected.input.shape, 'float32');

    test(`${name}: forward pass, every gradient and the moving statistics agree with PyTorch`, () => {
      const weights = tensors(expected.weights);
      using pass = new Pass(engine, architecture, weights, input(), true);
      assertClose(pass.values(), expected.output.values, TOLERANCE, 'output');
      const { input: dx, weights: gradients } = pass.gradients(floats(expected.upstream), {
        weights: true,
        input: true,
      });
      assertClose(dx?.dataSync() ?? [], expected.inputGradient.values, TOLERANCE, 'input gradient');
      assert.deepEqual(Object.keys(gradients).sort(), Object.keys(expected.gradients).sort());
      for (const [array, gradient] of Object.entries(gradients)) {
        assert.deepEqual(gradient.shape, expected.gradients[array]?.shape, array);
        assertClose(gradient.dataSync(), expected.gradients[array]?.values ?? [], TOLERANCE, `gradient of ${array}`);
      }
      const moved = pass.movedStatistics(architecture, weights);
      assert.deepEqual(Object.keys(moved).sort(), Object.keys(expected.statistics).sort());
      for (const [array, value] of Object.entries(moved)) {
        assertClose(value.dataSync(), expected.statistics[array]?.values ?? [], TOLERANCE, array);
      }
    });

    if (expected.inferenceOutput) {
      test(`${name}: at inference the moving statistics normalise, as in PyTorch`, () => {
        using pass = new Pass(engine, architecture, tensors(expected.weights), input(), false);
        assertClose(pass.values(), expected.inferenceOutput?.values ?? [], TOLERANCE, 'inference output');
      });
    }
  }

  test('a pass that is disposed of leaves no tensor behind', () => {
    const { weights, input, upstream } = reference['image-generator'] as NetworkReference;
    const kept = tensors(weights);
    const architecture = networks['image-generator'] as Architecture;
    const once = () => {
      using pass = new Pass(engine, architecture, kept, engine.tf.tensor(floats(input), input.shape), true);
      engine.tf.dispose(pass.gradients(floats(upstream), { weights: true, input: true }) as never);
      engine.tf.dispose(pass.movedStatistics(architecture, kept));
    };
    once();
    const before = engine.tf.memory().numTensors;
    once();
    assert.equal(engine.tf.memory().numTensors, before);
  });
}

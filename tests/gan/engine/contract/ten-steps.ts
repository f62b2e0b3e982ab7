import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingConfigSchema } from '../../../../gan/config.js';
import type { Engine } from '../../../../gan/engine/index.js';
import type { RoleState } from '../../../../gan/network/role-state.js';
import { newGame, playStep } from '../../../../gan/one-process.js';
import {
  type ReferenceTensor,
  type ReferenceWeights,
  assertClose,
  floats,
  namedArrays,
  readReference,
} from '../../../support/numbers/reference.js';

interface StepsReference {
  config: Record<string, unknown> & { network: 'image' | 'mlp'; generators: number; batch: number };
  initial: Record<string, ReferenceWeights>;
  final: Record<string, ReferenceWeights>;
  batches: { x: ReferenceTensor; z: ReferenceTensor }[];
  steps: {
    discriminatorLoss: number;
    generatorLosses: number[];
    averageGeneratorLoss: number;
    verdicts: Record<string, number>;
    gradientNorms: Record<string, number>;
  }[];
}

/** Losses and norms of a step; PyTorch's float32 is within 3e-7 of its float64 after ten steps, oneDNN sums otherwise. */
const TOLERANCE = 5e-5;
/** Adam divides by the root of the second moment: where a gradient is near 0 its rounding error is a step's direction. */
const WEIGHT_TOLERANCE = 2e-4;

/** Starts a role from given weights, with fresh moments. */
function start(state: RoleState, weights: ReferenceWeights): void {
  const { arrays } = state.save();
  const given = new Map(namedArrays(weights).map((array) => [`weights/${array.name}`, array.data]));
  state.load({ arrays: arrays.map((array) => ({ ...array, data: given.get(array.name) ?? array.data })), updates: 0 });
}

export function testTenSteps(engine: Engine): void {
  for (const name of [
    'image-default',
    'image-hinge-simultaneous',
    'mlp-batch-verdict',
    'mlp-single',
    'mlp-minimax-sum',
    'image-sngan',
    'image-sngan-two-updates',
    'mlp-spectral',
    'mlp-two-updates',
  ]) {
    test(`ten steps of D and every G agree with PyTorch: ${name}`, () => {
      const { config, initial, final, batches, steps } = readReference<StepsReference>(`steps-${name}`);
      const { network, epsilon: _epsilon, ...options } = config;
      const image = network === 'image';
      const training = trainingConfigSchema.parse({
        ...options,
        system: config.generators === 1 ? 'gan' : 'pggan',
        latent: image ? 6 : 2,
        width: image ? 1 / 16 : 1 / 8,
      });
      const game = newGame(engine, training, image ? [28, 28, 1] : [2]);
      const states = Object.fromEntries([
        ['discriminator', game.discriminator.state],
        ...game.generators.map((generator, i) => [`generator-${i + 1}`, generator.state] as const),
      ]);
      for (const [role, state] of Object.entries(states)) start(state, initial[role] as ReferenceWeights);
      for (const [i, { x, z }] of batches.entries()) {
        const found = playStep(game, floats(x), floats(z));
        const expected = steps[i] as StepsReference['steps'][number];
        const at = `step ${i + 1}`;
        assertClose([found.discriminatorLoss], [expected.discriminatorLoss], TOLERANCE, `${at} discriminator loss`, 1);
        assertClose(found.generatorLosses, expected.generatorLosses, TOLERANCE, `${at} generator losses`, 1);
        assertClose(
          [found.averageGeneratorLoss],
          [expected.averageGeneratorLoss],
          TOLERANCE,
          `${at} averaged generator loss`,
          1,
        );
        assert.deepEqual(found.counts, Object.values(expected.verdicts), `${at} verdicts`);
        for (const [role, norm] of Object.entries(expected.gradientNorms)) {
          assertClose([found.gradientNorms[role] as number], [norm], TOLERANCE, `${at} gradient norm of ${role}`);
        }
      }
      for (const [role, state] of Object.entries(states)) {
        for (const { name: array, data } of state.save().arrays) {
          const expected = final[role]?.[array.replace('weights/', '')];
          if (array.startsWith('weights/'))
            assertClose(data, expected?.values ?? [], WEIGHT_TOLERANCE, `${role} ${array}`);
        }
      }
    });
  }
}

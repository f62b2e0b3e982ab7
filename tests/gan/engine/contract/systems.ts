import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileOptions } from '../../../../coordinator/run/config/options.js';
import type { Engine } from '../../../../gan/engine/index.js';
import { LOSS_NAMES } from '../../../../gan/losses.js';
import { newGame } from '../../../../gan/one-process.js';
import { DISCRIMINATOR_TERMS, FAKE_WEIGHTS, GENERATOR_LOSSES, VERDICT_SCOPES } from '../../../../gan/verdict.js';
import { playRun } from '../../../support/runs/training.js';

/** The options that combine freely, every value of each. */
const FACTORS = {
  system: ['pggan', 'gan', 'sngan'],
  generatorLoss: GENERATOR_LOSSES,
  verdict: VERDICT_SCOPES,
  fakeWeight: FAKE_WEIGHTS,
  discriminatorTerms: DISCRIMINATOR_TERMS,
  spectralNorm: [false, true],
  discriminatorSteps: [1, 2],
  loss: LOSS_NAMES,
  generatorWidth: [1, 2],
};
type Case = Record<keyof typeof FACTORS, unknown>;

const names = Object.keys(FACTORS) as (keyof typeof FACTORS)[];
const pairs = names.flatMap((a, i) =>
  names
    .slice(i + 1)
    .flatMap((b) =>
      FACTORS[a].flatMap((valueOfA) => FACTORS[b].map((valueOfB) => [a, valueOfA, b, valueOfB] as const)),
    ),
);
const impossible = (given: Partial<Case>) => given.system === 'sngan' && given.spectralNorm === false;

/** A few cases in which every pair of values of two options occurs: greedily, each takes the pairs that are still missing. */
function pairwise(): Case[] {
  const missing = new Set(pairs.filter(([a, x, b, y]) => !impossible({ [a]: x, [b]: y })));
  const cases: Case[] = [];
  while (missing.size > 0) {
    const [first] = missing;
    const given: Partial<Case> = first === undefined ? {} : { [first[0]]: first[1], [first[2]]: first[3] };
    for (const name of names) {
      if (name in given) continue;
      const covered = (value: unknown) => coveredBy({ ...given, [name]: value }, missing).length;
      const possible = FACTORS[name].filter((value) => !impossible({ ...given, [name]: value }));
      given[name] = possible.reduce<unknown>(
        (best, value) => (covered(value) > covered(best) ? value : best),
        possible[0],
      );
    }
    for (const pair of coveredBy(given, missing)) missing.delete(pair);
    cases.push(given as Case);
  }
  return cases;
}

function coveredBy(given: Partial<Case>, missing: ReadonlySet<(typeof pairs)[number]>) {
  return [...missing].filter(([a, x, b, y]) => given[a] === x && given[b] === y);
}

function bytes(data: Float32Array = new Float32Array()): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

export function testSystems(engine: Engine): void {
  for (const given of pairwise()) {
    const title = Object.entries(given).map(([name, value]) => `${name} ${String(value)}`);
    test(`trains: ${title.join(', ')}`, async () => {
      const { training } = compileOptions({ ...given, data: 'ring8', steps: 5, batch: 16, width: 0.25, latent: 8 });
      const fresh = newGame(engine, training, [2]);
      const before = [fresh.discriminator, ...fresh.generators].map(({ state }) => state.save());
      const game = await playRun(engine, training, (step, { discriminatorLoss, averageGeneratorLoss, counts }) => {
        assert.ok(
          Number.isFinite(discriminatorLoss) && Number.isFinite(averageGeneratorLoss),
          `losses of step ${step}`,
        );
        assert.equal(
          counts.reduce((a, b) => a + b, 0),
          training.batch,
        );
      });
      assert.equal(game.generators.length, training.system === 'pggan' ? 2 : 1);
      const roles = [game.discriminator, ...game.generators];
      for (const [i, { state }] of roles.entries()) {
        const { arrays, updates } = state.save();
        assert.equal(updates, i === 0 ? 5 * training.discriminatorSteps : 5);
        const same = arrays.filter(
          ({ data }, j) => Buffer.compare(bytes(data), bytes(before[i]?.arrays[j]?.data)) === 0,
        );
        // The last bias of D has no gradient while hinge's margin holds all samples: x and the fakes cancel.
        assert.deepEqual(
          same.map(({ name }) => name).filter((name) => name.endsWith('/kernel')),
          [],
          `role ${i}: every kernel moved`,
        );
      }
      const kept = game.discriminator.state.save().arrays.some(({ name }) => name === 'weights/dense1/u');
      assert.equal(kept, training.spectralNorm, "spectral norm's vectors are in the checkpoint");
    });
  }

  test('the first batch of a step with several discriminator updates is what a step with one makes of the same latents', () => {
    const options = { data: 'ring8', steps: 1, batch: 8, width: 0.25, latent: 8, loss: 'hinge' };
    const first: number[][] = [];
    for (const discriminatorSteps of [1, 3]) {
      const { training } = compileOptions({ ...options, discriminatorSteps });
      const { generators } = newGame(engine, training, [2]);
      using open =
        generators[0]?.open(new Float32Array(discriminatorSteps * 64).map((_, i) => Math.sin(i))) ?? assert.fail();
      assert.equal(open.fakes.length, discriminatorSteps * 16);
      first.push([...open.fakes.subarray(0, 16)]);
    }
    assert.deepEqual(first[0], first[1]);
  });
}

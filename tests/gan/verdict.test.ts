import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultyStepError } from '../../common/errors.js';
import {
  DISCRIMINATOR_TERMS,
  FAKE_WEIGHTS,
  GENERATOR_LOSSES,
  VERDICT_SCOPES,
  type VerdictOptions,
  judge,
} from '../../gan/verdict.js';
import { type ReferenceTensor, floats, readReference } from '../support/numbers/reference.js';

interface VerdictCase {
  name: string;
  generators: number;
  logits: ReferenceTensor[];
  winners: Record<'sample' | 'batch', number[]>;
  weights: (VerdictOptions & { generatorWeights: number[][]; fakeWeights: number[][] })[];
}

const DEFAULTS: VerdictOptions = {
  generatorLoss: 'verdict-average',
  verdict: 'sample',
  discriminatorTerms: 'all',
  fakeWeight: 'mean',
};

const one = (logit: number) => Float32Array.of(logit);

function weightsOf(x: number, g1: number, g2: number, options: Partial<VerdictOptions> = {}): number[][] {
  const { generatorWeights, fakeWeights } = judge(one(x), [one(g1), one(g2)], { ...DEFAULTS, ...options });
  return [generatorWeights.map((w) => w[0] as number), fakeWeights.map((w) => w[0] as number)];
}

test("the talk's table: x judged most real trains both generators by half", () => {
  assert.deepEqual(weightsOf(2, 1, 0), [
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
});

test("the talk's table: G1 judged most real trains G2 alone, and the other way round", () => {
  assert.deepEqual(weightsOf(0, 2, 1)[0], [0, 1]);
  assert.deepEqual(weightsOf(0, 1, 2)[0], [1, 0]);
});

test('read to the letter, the discriminator leaves out the fake that it judged most real', () => {
  assert.deepEqual(weightsOf(0, 2, 1, { discriminatorTerms: 'verdict' })[1], [0, 1]);
  assert.deepEqual(weightsOf(2, 1, 0, { discriminatorTerms: 'verdict' })[1], [0.5, 0.5]);
});

test('ties go to x, then to the lowest generator', () => {
  assert.deepEqual(
    [...judge(Float32Array.of(1, 0), [Float32Array.of(1, 2), Float32Array.of(1, 2)], DEFAULTS).winners],
    [0, 1],
  );
});

test('a logit that is not finite makes the step faulty', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => judge(one(bad), [one(0)], DEFAULTS), FaultyStepError);
    assert.throws(() => judge(one(0), [one(0), one(bad)], DEFAULTS), FaultyStepError);
  }
});

test('every option gives the weights of the reference, ties and one generator included', () => {
  const { cases } = readReference<{ cases: VerdictCase[] }>('verdicts');
  let compared = 0;
  for (const { name, logits, winners, weights } of cases) {
    const [x, ...fakes] = logits.map(floats) as [Float32Array, ...Float32Array[]];
    for (const { generatorWeights, fakeWeights, ...options } of weights) {
      const verdict = judge(x, fakes, options);
      const what = `${name} ${JSON.stringify(options)}`;
      assert.deepEqual([...verdict.winners], winners[options.verdict], what);
      assert.deepEqual(
        verdict.generatorWeights.map((w) => [...w]),
        generatorWeights.map((w) => [...Float32Array.from(w)]),
        what,
      );
      assert.deepEqual(
        verdict.fakeWeights.map((w) => [...w]),
        fakeWeights.map((w) => [...Float32Array.from(w)]),
        what,
      );
      compared += 1;
    }
  }
  assert.equal(compared, 12 * 24);
});

test('whatever the logits, each sample has one winner and its generators share a weight of 1', () => {
  const logit = fc.float({ noNaN: true, noDefaultInfinity: true });
  const options = fc.record({
    generatorLoss: fc.constantFrom(...GENERATOR_LOSSES),
    verdict: fc.constantFrom(...VERDICT_SCOPES),
    discriminatorTerms: fc.constantFrom(...DISCRIMINATOR_TERMS),
    fakeWeight: fc.constantFrom(...FAKE_WEIGHTS),
  });
  const game = fc
    .record({ generators: fc.integer({ min: 1, max: 5 }), batch: fc.integer({ min: 1, max: 8 }) })
    .chain(({ generators, batch }) => {
      const logits = fc.array(logit, { minLength: batch, maxLength: batch }).map((values) => Float32Array.from(values));
      return fc.tuple(logits, fc.array(logits, { minLength: generators, maxLength: generators }));
    });
  fc.assert(
    fc.property(game, options, ([x, fakes], choice) => {
      const { counts, generatorWeights, winners } = judge(x, fakes, choice);
      assert.equal(
        counts.reduce((a, b) => a + b, 0),
        x.length,
      );
      for (const j of winners.keys()) {
        const sum = generatorWeights.reduce((total, w) => total + (w[j] as number), 0);
        assert.ok(Math.abs(sum - (choice.generatorLoss === 'sum' ? fakes.length : 1)) < 1e-6);
      }
    }),
  );
});

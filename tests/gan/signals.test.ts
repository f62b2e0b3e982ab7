import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batches } from '../../gan/data/batches.js';
import { evaluationLatents, latents, sampleLatents } from '../../gan/latents.js';
import { meanPairwiseDistance, meanScore, relativeDiversity, updateShares } from '../../gan/signals.js';
import { judge } from '../../gan/verdict.js';
import { assertClose, readReference } from '../support/numbers/reference.js';

interface Peer {
  batch: number;
  size: number;
  real: number[];
  fakes: number[][];
  logits: number[];
  distance: number;
  diversity: number[];
  score: number;
}

const peer = readReference<Peer>('signals');
const real = Float32Array.from(peer.real);

test('distances, diversity and scores are those of PyTorch', () => {
  assertClose([meanPairwiseDistance(real, peer.size)], [peer.distance], 1e-6, 'mean pairwise distance');
  const fakes = Float32Array.from(peer.fakes.flat());
  assertClose(relativeDiversity(real, fakes, peer.batch), peer.diversity, 1e-6, 'diversity');
  assertClose([meanScore(Float32Array.from(peer.logits))], [peer.score], 1e-6, 'score');
});

test('a generator that repeats one sample has no diversity, and one that repeats the data has all of it', () => {
  const one = Float32Array.from({ length: real.length }, (_, i) => real[i % peer.size] as number);
  assert.deepEqual(relativeDiversity(real, Float32Array.of(...one, ...real), peer.batch), [0, 1]);
});

test('where the data itself is one sample, nobody lacks diversity', () => {
  assert.deepEqual(relativeDiversity(new Float32Array(8), Float32Array.of(...new Float32Array(8)), 4), [1]);
  assert.equal(meanPairwiseDistance(Float32Array.of(1, 2), 2), 0);
});

test('scores stay within 0 and 1 for logits of any size', () => {
  assert.equal(meanScore(Float32Array.of(1e30, -1e30)), 0.5);
});

test('the shares of the update weight sum to 1, whatever the rule', () => {
  const logits = fc.float32Array({ minLength: 4, maxLength: 4, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(
      logits,
      fc.array(logits, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('verdict-average' as const, 'average' as const, 'sum' as const),
      (x, fakes, generatorLoss) => {
        const verdict = judge(x, fakes, {
          generatorLoss,
          verdict: 'sample',
          discriminatorTerms: 'all',
          fakeWeight: 'mean',
        });
        const shares = updateShares(verdict);
        assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-6);
        if (generatorLoss !== 'verdict-average') {
          for (const share of shares) assert.ok(Math.abs(share - 1 / fakes.length) < 1e-6);
        }
      },
    ),
  );
});

test('a generator that wins every sample gets no share, and with nobody to train the shares are equal', () => {
  const weights = (...each: number[][]) => ({ generatorWeights: each.map((values) => Float32Array.from(values)) });
  assert.deepEqual(updateShares(weights([0, 0], [1, 1])), [0, 1]);
  assert.deepEqual(updateShares(weights([0.5, 0.5], [0.5, 0])), [2 / 3, 1 / 3]);
  assert.deepEqual(updateShares(weights([0], [0])), [0.5, 0.5]);
});

test('every branch has latents and batches of its own, and branch 0 those of a run that never went back', () => {
  assert.deepEqual(latents(1, 5, 4, 3, 0), latents(1, 5, 4, 3));
  const [one, two] = [latents(1, 5, 4, 3, 1), latents(1, 5, 4, 3, 2)];
  const all = [latents(1, 5, 4, 3), one, two, evaluationLatents(1, 4, 3), sampleLatents(1, 4, 3)];
  assert.equal(new Set(all.map((z) => z.join())).size, all.length);
  const batches = new Batches(1, 8, 64);
  const shown = [0, 1, 2, 0].map((branch) => [...batches.indices(3, branch)]);
  assert.deepEqual(shown[3], [...batches.indices(3)], 'whatever was asked before');
  assert.deepEqual(shown[0], shown[3]);
  assert.equal(new Set(shown.map(String)).size, 3);
});

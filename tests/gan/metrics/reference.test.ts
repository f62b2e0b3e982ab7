import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIXTURE_NAMES, type MixtureName, mixtureNamed } from '../../../gan/data/mixtures.js';
import { meanNearest } from '../../../gan/metrics/distances.js';
import { frechetDistance, gaussianOf } from '../../../gan/metrics/frechet.js';
import { entropyOf, jensenShannon, modesOf, reverseKlOf } from '../../../gan/metrics/histogram.js';
import { kid } from '../../../gan/metrics/kid.js';
import { type Gram, type Matrix, engineGram } from '../../../gan/metrics/matrix.js';
import { modesOfPoints } from '../../../gan/metrics/mixture-modes.js';
import { neighbourhoods, realBalls } from '../../../gan/metrics/neighbourhoods.js';
import { probeAccuracy } from '../../../gan/metrics/probe.js';
import { crossEntropy } from '../../../gan/metrics/train-features.js';
import { testEngine } from '../../support/numbers/engine.js';
import { assertClose, readReference } from '../../support/numbers/reference.js';
import { clustered, correlated, mixturePoints } from '../../support/numbers/samples.js';

type PairFigures = Record<
  'kid' | 'fid' | 'precision' | 'recall' | 'density' | 'coverage' | 'nearest' | 'probe',
  number
>;

interface Reference {
  pairs: Record<string, PairFigures>;
  histograms: Record<string, { a: number[]; b: number[]; entropy: number; reverseKl: number; jensenShannon: number }>;
  mixtures: Record<MixtureName, { counts: number[]; highQuality: number; modes: number; reverseKl: number }>;
  crossEntropy: { labels: number[]; value: number; gradient: number[] };
}

const reference = readReference<Reference>('metrics/metrics');

const PAIRS: Record<string, [real: Matrix, fakes: Matrix]> = {
  shifted: [correlated(1, 300, 64, 1, 0), correlated(2, 300, 64, 1.1, 0.15)],
  same: [correlated(3, 300, 64, 1, 0), correlated(4, 300, 64, 1, 0)],
  collapsed: [correlated(5, 300, 64, 1, 0), clustered(6, 300, 64, 3, 0.01)],
  points: [correlated(7, 400, 2, 1, 0), correlated(8, 400, 2, 0.7, 0.3)],
  wide: [correlated(9, 250, 192, 1, 0), correlated(10, 250, 192, 0.9, 0.05)],
};

/** Each pair of samples, with what the other implementations measured of it. */
async function forEachPair(
  check: (gram: Gram, real: Matrix, fakes: Matrix, expected: PairFigures, name: string) => void,
): Promise<void> {
  const gram = engineGram(await testEngine());
  assert.deepEqual(Object.keys(reference.pairs), Object.keys(PAIRS));
  for (const [name, [real, fakes]] of Object.entries(PAIRS)) {
    check(gram, real, fakes, reference.pairs[name] as PairFigures, name);
  }
}

test("KID is torch-fidelity's and scikit-learn's, in single precision products", () =>
  forEachPair((gram, real, fakes, expected, name) => {
    const value = kid(gram, real, fakes, { subsetSize: 1000, subsets: 10, seed: 1 });
    assertClose([value], [expected.kid], 1e-6, `KID of ${name}`, 1);
  }));

test("the Fréchet distance is torch-fidelity's and scipy's", () =>
  forEachPair((_, real, fakes, expected, name) => {
    assertClose([frechetDistance(gaussianOf(real), gaussianOf(fakes))], [expected.fid], 1e-6, `distance of ${name}`, 1);
  }));

test("precision and recall of 3 neighbours, density and coverage of 5 are prdc's", () =>
  forEachPair((gram, real, fakes, { precision, recall, density, coverage }, name) => {
    const found = neighbourhoods(gram, realBalls(gram, real), fakes);
    // Shares of whole counts: equal, but for the order of a division.
    assertClose(Object.values(found), [precision, recall, density, coverage], 1e-12, name, 1);
  }));

test("nearest neighbours and the probe are scikit-learn's", () =>
  forEachPair((gram, real, fakes, expected, name) => {
    assertClose([meanNearest(gram, fakes, real)], [expected.nearest], 1e-6, `nearest of ${name}`);
    assertClose([probeAccuracy(gram, real, fakes)], [expected.probe], 1e-12, `probe of ${name}`);
  }));

test("entropy, KL and Jensen-Shannon divergence of histograms are scipy's", () => {
  for (const [name, { a, b, ...expected }] of Object.entries(reference.histograms)) {
    const found = [entropyOf(a), reverseKlOf(a) ?? Number.NaN, jensenShannon(a, b)];
    assertClose(found, [expected.entropy, expected.reverseKl, expected.jensenShannon], 1e-12, name, 1);
  }
});

test('modes, high-quality share and reverse KL of points are those of numpy and scipy by the rules of PacGAN', () => {
  for (const name of MIXTURE_NAMES) {
    const { centres, deviation } = mixtureNamed(name);
    const found = modesOfPoints(mixturePoints(centres, deviation), { centres, deviation });
    const expected = reference.mixtures[name];
    assert.deepEqual(found.counts, expected.counts);
    assert.equal(modesOf(found.counts), expected.modes);
    const shares = [found.highQuality, reverseKlOf(found.counts) ?? Number.NaN];
    assertClose(shares, [expected.highQuality, expected.reverseKl], 1e-12, name, 1);
  }
});

test("softmax cross-entropy and its gradient are PyTorch's", () => {
  const { labels, value, gradient } = reference.crossEntropy;
  const found = crossEntropy(correlated(30, 6, 10, 3, 0).values, Uint8Array.from(labels));
  assertClose([found.value], [value], 1e-6, 'cross-entropy');
  assertClose(found.gradient, gradient, 1e-6, 'gradient');
});

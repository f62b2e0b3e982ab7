import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mixtureNamed, openMixture } from '../../../gan/data/mixtures.js';
import { meanNearest } from '../../../gan/metrics/distances.js';
import { countsOf, modesOf, modesTenthOf, reverseKlOf } from '../../../gan/metrics/histogram.js';
import { kid } from '../../../gan/metrics/kid.js';
import { type Matrix, engineGram, matrix, rowsOf, stack } from '../../../gan/metrics/matrix.js';
import { measureDiscriminator, measureGroup, measureOverlap } from '../../../gan/metrics/measure.js';
import { modesOfPoints } from '../../../gan/metrics/mixture-modes.js';
import { neighbourhoods, realBalls } from '../../../gan/metrics/neighbourhoods.js';
import { probeAccuracy } from '../../../gan/metrics/probe.js';
import { quickQuality, quickReference } from '../../../gan/metrics/quick.js';
import { realReference } from '../../../gan/metrics/real-reference.js';
import { mixtureOf, viewOf } from '../../../gan/metrics/view.js';
import { normals, randomStream, uniform } from '../../../gan/random.js';
import { testEngine } from '../../support/numbers/engine.js';

const gram = engineGram(await testEngine());

function gaussians(name: string, rows: number, columns = 64): Matrix {
  return matrix(normals(randomStream(1, 'meaning', name), rows * columns), columns);
}

function indices(count: number, first = 0): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => first + i);
}

test('a perfect ring8 has 98.89 % high-quality samples and all 8 modes', () => {
  const points = openMixture('ring8', 1).gather(indices(50_000));
  const { highQuality, counts } = modesOfPoints(points, mixtureNamed('ring8'));
  // Three standard errors of a share of 50,000 samples.
  assert.ok(Math.abs(highQuality - (1 - Math.exp(-4.5))) < 0.0014, String(highQuality));
  assert.equal(modesOf(counts), 8);
  assert.ok((reverseKlOf(counts) ?? 1) < 0.001);
});

test('points beside the modes are no modes, and without a good one there is no reverse KL', () => {
  const { counts, highQuality } = modesOfPoints(Float32Array.of(0, 0, 0.5, 0.5, 1, 0.0301), mixtureNamed('ring8'));
  assert.deepEqual([modesOf(counts), highQuality, reverseKlOf(counts)], [0, 0, undefined]);
});

test('a collapse onto one of 1,000 modes has a reverse KL of ln 1000, onto 10 of ln 100', () => {
  const collapsed = reverseKlOf(countsOf(new Array<number>(2000).fill(77), 1000));
  assert.ok(Math.abs((collapsed ?? 0) - Math.log(1000)) < 1e-12);
  const ten = reverseKlOf(
    countsOf(
      Uint16Array.from({ length: 2000 }, (_, i) => i % 10),
      1000,
    ),
  );
  assert.ok(Math.abs((ten ?? 0) - Math.log(100)) < 1e-12);
});

test('26,000 even draws of 1,000 modes have a reverse KL of about 0.0192 and miss none', () => {
  const stream = randomStream(1, 'even-modes');
  const counts = countsOf(
    Uint16Array.from({ length: 26_000 }, () => Math.floor(uniform(stream) * 1000)),
    1000,
  );
  assert.equal(modesOf(counts), 1000);
  const kl = reverseKlOf(counts) ?? 0;
  assert.ok(kl > 0.0165 && kl < 0.022, String(kl));
});

test('a mode with less than a tenth of its due counts for modes, not for modes at 10 %', () => {
  assert.deepEqual([modesOf([90, 10, 9, 0]), modesTenthOf([90, 10, 9, 0], 400)], [3, 2]);
});

test('samples of one distribution: KID about 0, a probe at 50 %, density and coverage near 1', () => {
  const [a, b] = [gaussians('a', 2000), gaussians('b', 2000)];
  const options = { subsetSize: 1000, subsets: 10, seed: 1 };
  const value = kid(gram, a, b, options);
  assert.ok(Math.abs(value) < 0.01, String(value));
  assert.equal(kid(gram, a, b, options), value, 'the subsets follow from the seed');
  assert.notEqual(kid(gram, a, b, { ...options, seed: 2 }), value);
  const accuracy = probeAccuracy(gram, a, b);
  // Four standard errors of 2,000 answers.
  assert.ok(Math.abs(accuracy - 0.5) < 0.045, String(accuracy));
  const { density, coverage } = neighbourhoods(gram, realBalls(gram, a), b);
  assert.ok(Math.abs(density - 1) < 0.1 && coverage > 0.93, `${density} ${coverage}`);
});

test('KID has no bias: its mean over many small samples of one distribution is 0', () => {
  const values = Array.from({ length: 60 }, (_, i) =>
    kid(gram, gaussians(`small-a-${i}`, 50, 8), gaussians(`small-b-${i}`, 50, 8), {
      subsetSize: 1000,
      subsets: 1,
      seed: 1,
    }),
  );
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  assert.ok(Math.abs(mean) < (3 * deviation) / Math.sqrt(values.length), `${mean} of ${deviation}`);
  assert.ok(
    values.some((value) => value < 0),
    'an unbiased estimate of 0 is negative now and then',
  );
});

test('a generator that says one thing has no recall and no coverage; two that say different things never meet', () => {
  const real = gaussians('real', 500);
  const one = stack(Array.from({ length: 500 }, () => rowsOf(real, 0, 1)));
  const other = stack(Array.from({ length: 500 }, () => rowsOf(real, 1, 2)));
  const { precision, recall, coverage } = neighbourhoods(gram, realBalls(gram, real), one);
  // It repeats one real sample: precise, it recalls that one, and covers those that have it as a near neighbour.
  assert.equal(precision, 1);
  assert.equal(recall, 1 / 500);
  assert.ok(coverage < 0.1, String(coverage));
  assert.equal(probeAccuracy(gram, one, other), 1);
});

test('copies of the training data are at distance 0 of it, however long the vectors are', () => {
  const real = gaussians('long', 300);
  const far = matrix(
    real.values.map((value) => value + 1000),
    64,
  );
  assert.equal(meanNearest(gram, far, far), 0);
});

test('a generator that repeats its training data is told from one that does not', () => {
  const dataset = openMixture('grid25', 1);
  const real = realReference(gram, undefined, { name: 'grid25', dataset }, { samples: 500, seed: 1 });
  const copies = viewOf('grid25', undefined, Float32Array.from(real.training.features.values));
  assert.equal(measureGroup(gram, real, copies, 1).memorisation, 0);
  const { memorisation = 0, kid: floor = 1 } = measureGroup(gram, real, real.floor, 1);
  assert.ok(memorisation > 0.85 && memorisation < 1.15, String(memorisation));
  // The cubic kernel of coordinates up to 4 has values up to thousands.
  const spread = Math.abs(measureGroup(gram, real, viewOf('grid25', undefined, new Float32Array(1000)), 1).kid ?? 0);
  assert.ok(Math.abs(floor) < spread / 20, `${floor} against ${spread}`);
});

test('the mixture has as many samples as one generator, dealt out evenly, and of one generator is that', () => {
  const views = [1, 2, 3].map((value) => viewOf('ring8', undefined, new Float32Array(20).fill(value)));
  const mixture = mixtureOf(views);
  assert.deepEqual(
    [...mixture.features.values].filter((_, i) => i % 2 === 0),
    [1, 1, 1, 1, 2, 2, 2, 3, 3, 3],
  );
  assert.equal(mixtureOf(views.slice(0, 1)), views[0]);
});

test('two generators of one half of the ring each share no class', () => {
  const dataset = openMixture('ring8', 1);
  const points = dataset.gather(indices(2000));
  const view = (keep: (mode: number) => boolean) => {
    const { nearest } = modesOfPoints(points, mixtureNamed('ring8'));
    const kept = Float32Array.from(
      [...nearest.keys()].filter((i) => keep(nearest[i] ?? 0)).flatMap((i) => [...points.subarray(i * 2, i * 2 + 2)]),
    );
    return viewOf('ring8', undefined, kept.slice(0, 1600));
  };
  const apart = measureOverlap(
    gram,
    ['generator-1', 'generator-2'],
    view((m) => m < 4),
    view((m) => m >= 4),
    1,
  );
  assert.ok(Math.abs((apart.classDivergence ?? 0) - Math.LN2) < 1e-12);
  assert.equal(apart.probeAccuracy, 1);
  assert.ok(apart.kid > 0.1);
});

test("the discriminator's gap is the difference of its mean logits", () => {
  assert.deepEqual(measureDiscriminator(Float32Array.of(1, 3, -1), Float32Array.of(-1, -2, 0)), {
    training: 1,
    heldOut: -1,
    gap: 2,
    accuracyTraining: 2 / 3,
    accuracyHeldOut: 0,
  });
});

test('a quick look tells good points from a collapse', async () => {
  const engine = await testEngine();
  const dataset = openMixture('ring8', 1);
  const real = quickReference(undefined, { name: 'ring8', dataset }, 500, 1);
  const samples = {
    'generator-1': dataset.gatherHeldOut(indices(500)),
    'generator-2': new Float32Array(1000).map((_, i) => (i % 2 === 0 ? 1 : 0)),
  };
  const quality = quickQuality(engine, undefined, 'ring8', samples, real, 1);
  assert.deepEqual(Object.keys(quality), ['mixture', 'generator-1', 'generator-2']);
  assert.equal(quality['generator-1']?.modes, 8);
  assert.deepEqual([quality['generator-2']?.modes, quality['generator-2']?.highQuality], [1, 1]);
  assert.ok(Math.abs(quality['generator-1']?.kid ?? 1) < 0.02);
  assert.ok((quality['generator-2']?.kid ?? 0) > 0.3);
  assert.equal(quality['mixture']?.modes, 8);
});

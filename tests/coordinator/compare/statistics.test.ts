import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapMean } from '../../../coordinator/compare/statistics/bootstrap.js';
import { holm } from '../../../coordinator/compare/statistics/holm.js';
import { meanAndError } from '../../../coordinator/compare/statistics/mean.js';
import { signedRankTest, smallestP } from '../../../coordinator/compare/statistics/signed-rank.js';
import { readReference } from '../../support/numbers/reference.js';

/** What the quantile of 10,000 draws must lie between, and the quantile of all resamples in the middle. */
type Range = [least: number, exact: number, most: number];

interface Reference {
  signedRank: { name: string; differences: number[]; n: number; statistic: number; p: number }[];
  holm: { p: number[]; adjusted: number[] }[];
  bootstrap: { values: number[]; confidence: number; low: Range; high: Range }[];
  mean: { values: number[]; mean: number; error: number }[];
}
const reference = readReference<Reference>('comparison/statistics');

function near(actual: number | undefined, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${what}: ${actual} against ${expected}`);
}

test("the signed-rank test gives scipy's p, with ties and zeros too", () => {
  assert.ok(reference.signedRank.length >= 9);
  for (const { name, differences, n, statistic, p } of reference.signedRank) {
    const found = signedRankTest(differences);
    assert.equal(found.n, n, name);
    assert.equal(found.statistic, statistic, name);
    near(found.p, p, 1e-12, name);
  }
});

test('no differences, no evidence; a difference that is not finite is refused', () => {
  assert.deepEqual(signedRankTest([0, 0, 0]), { n: 0, statistic: 0, p: 1 });
  assert.deepEqual(signedRankTest([]).p, 1);
  assert.throws(() => signedRankTest([1, Number.NaN]), RangeError);
});

test('no data reach a smaller p than all differences of one sign do', () => {
  assert.equal(smallestP(5), 0.0625);
  const values = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(values, (differences) => {
      assert.ok(signedRankTest(differences).p >= smallestP(differences.length) - 1e-15);
    }),
  );
  assert.equal(signedRankTest([1, 1, 1, 1, 1]).p, smallestP(5));
});

test("Holm's adjusted p-values are those of statsmodels", () => {
  for (const { p, adjusted } of reference.holm)
    for (const [i, value] of holm(p).entries()) near(value, adjusted[i] as number, 1e-12, `${p.join()} [${i}]`);
});

test('the bootstrap interval approaches that of all resamples, and is the same for the same seed', () => {
  for (const { values, confidence, low, high } of reference.bootstrap) {
    const found = bootstrapMean(values, confidence, 1, 'a');
    for (const [end, [least, , most]] of [
      [found.low, low],
      [found.high, high],
    ] as const)
      assert.ok(end >= least - 1e-9 && end <= most + 1e-9, `${values.join()}: ${end} in ${least} to ${most}`);
    assert.deepEqual(found, bootstrapMean(values, confidence, 1, 'a'));
  }
  const values = Array.from({ length: 30 }, (_, i) => Math.sin(i));
  assert.notDeepEqual(bootstrapMean(values, 0.95, 1, 'a', 50), bootstrapMean(values, 0.95, 1, 'b', 50));
});

test('mean and standard error are those of numpy and scipy', () => {
  for (const { values, mean, error } of reference.mean) {
    const found = meanAndError(values);
    near(found?.mean, mean, 1e-12, 'mean');
    near(found?.error, error, 1e-12, 'error');
  }
  assert.deepEqual(meanAndError([4]), { n: 1, mean: 4 });
  assert.equal(meanAndError([]), undefined);
});

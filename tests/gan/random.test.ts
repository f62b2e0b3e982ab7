import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latents, sampleLatents } from '../../gan/latents.js';
import { normals, permutation, randomStream, uniforms } from '../../gan/random.js';

/** Values of the streams as first released. */
const LATENTS_1_0 = [0.2394454926252365, -1.4691188335418701, 1.934587001800537, -0.07045964896678925];
const LATENTS_MAX_7 = [-0.013337873853743076, -1.130179524421692, 0.2362646907567978, -0.8500569462776184];
const SAMPLE_LATENTS_1 = [0.9683731198310852, -1.1179360151290894, 0.3478013277053833, -0.8924663066864014];

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

function moments(values: Float32Array) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

test('the latents of a step are the committed ones: another stream would be another run of every seed', () => {
  assert.deepEqual([...latents(1, 0, 2, 2)], LATENTS_1_0);
  assert.deepEqual([...latents(Number.MAX_SAFE_INTEGER, 7, 1, 4)], LATENTS_MAX_7);
  assert.deepEqual([...sampleLatents(1, 2, 2)], SAMPLE_LATENTS_1);
});

test('the latents of a step depend on seed and step, whatever was drawn before', () => {
  fc.assert(
    fc.property(seeds, fc.nat(1e6), fc.nat(1e6), (seed, step, other) => {
      const first = latents(seed, step, 3, 5);
      latents(seed, other, 4, 4);
      sampleLatents(seed, 2, 2);
      assert.deepEqual(latents(seed, step, 3, 5), first);
      if (other !== step) assert.notDeepEqual(latents(seed, other, 3, 5), first);
      assert.notDeepEqual(sampleLatents(seed, 3, 5), first);
    }),
  );
});

test('every bit of a seed matters, the ones beyond 32 too', () => {
  const first = (seed: number) => uniforms(randomStream(seed, 'test'), 4).join();
  const seen = new Set([first(0)]);
  for (let bit = 0; bit < 53; bit += 1) seen.add(first(2 ** bit));
  assert.equal(seen.size, 54);
});

test('a seed that is no whole number from 0 to 2^53 - 1 is refused', () => {
  for (const seed of [-1, 0.5, 2 ** 53, NaN, Infinity]) assert.throws(() => randomStream(seed, 'test'), RangeError);
});

test('normals have the moments of N(0, 1)', () => {
  const count = 200_000;
  const { mean, variance, skewness, kurtosis } = moments(normals(randomStream(5, 'test'), count));
  // Five standard errors of each estimate under N(0, 1): 1/n, 2/n, 6/n, 24/n are their variances.
  const within = (value: number, expected: number, factor: number) =>
    assert.ok(Math.abs(value - expected) < 5 * Math.sqrt(factor / count), `${value} is not near ${expected}`);
  within(mean, 0, 1);
  within(variance, 1, 2);
  within(skewness, 0, 6);
  within(kurtosis, 3, 24);
});

test('normals of successive steps are not correlated', () => {
  const [a, b] = [latents(3, 10, 500, 100), latents(3, 11, 500, 100)];
  const product = a.reduce((sum, x, i) => sum + x * (b[i] as number), 0) / a.length;
  assert.ok(Math.abs(product) < 5 / Math.sqrt(a.length), `correlation ${product}`);
});

test('an odd count of normals is a prefix of a longer draw', () => {
  fc.assert(
    fc.property(seeds, fc.nat(50), (seed, count) => {
      const longer = normals(randomStream(seed, 'test'), count + 10);
      assert.deepEqual(normals(randomStream(seed, 'test'), count), longer.slice(0, count));
    }),
  );
});

test('uniforms lie strictly between 0 and 1 and fill the interval evenly', () => {
  assert.deepEqual([...uniforms(() => 0, 1), ...uniforms(() => -1, 1)], [2 ** -24, 1 - 2 ** -24]);
  const values = uniforms(randomStream(9, 'test'), 100_000);
  const tenths = new Array<number>(10).fill(0);
  for (const value of values) {
    assert.ok(value > 0 && value < 1);
    const tenth = Math.floor(value * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  const chiSquare = tenths.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
  // 99.99 % of chi-square with 9 degrees of freedom lies below.
  assert.ok(chiSquare < 33.7, `chi-square ${chiSquare}`);
});

test('a permutation holds every number once', () => {
  fc.assert(
    fc.property(seeds, fc.nat(300), (seed, count) => {
      const order = permutation(randomStream(seed, 'test'), count);
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      );
    }),
  );
});

test('every order of three comes up equally often', () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 6000; seed += 1) {
    const order = permutation(randomStream(seed, 'test'), 3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 6);
  for (const [order, count] of counts) assert.ok(Math.abs(count - 1000) < 150, `${order} came up ${count} times`);
});

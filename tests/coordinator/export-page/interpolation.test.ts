import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between } from '../../../coordinator/export-page/interpolation.js';
import { sampleLatents } from '../../../gan/latents.js';
import { readReference } from '../../support/numbers/reference.js';

interface SlerpCase {
  from: number[];
  to: number[];
  at: number[];
  values: number[][];
}

const lengthOf = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));

test("the way between two latents is scipy's great circle", () => {
  for (const { from, to, at, values } of readReference<SlerpCase[]>('slerp')) {
    for (const [index, position] of at.entries()) {
      const ours = between(Float32Array.from(from), Float32Array.from(to), position, from.length);
      for (const [i, expected] of (values[index] as number[]).entries()) {
        assert.ok(Math.abs((ours[i] as number) - expected) < 1e-6, `${from.length} coordinates at ${position}`);
      }
    }
  }
});

test('at its ends are exactly the two latents, of each of many', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 5 }),
      (a, b, size, count) => {
        const [from, to] = [sampleLatents(a, count, size), sampleLatents(b, count, size)];
        assert.deepEqual(between(from, to, 0, size), from);
        assert.deepEqual(between(from, to, 1, size), to);
      },
    ),
  );
});

test('each of many vectors goes its own way, as if it were alone', () => {
  const [from, to] = [sampleLatents(1, 3, 10), sampleLatents(2, 3, 10)];
  const all = between(from, to, 0.3, 10);
  for (const start of [0, 10, 20]) {
    const part = (values: Float32Array) => values.slice(start, start + 10);
    assert.deepEqual(part(all), between(part(from), part(to), 0.3, 10));
  }
});

test('in the middle a latent is as long as at the ends, where the straight line is shorter by a third', () => {
  const [from, to] = [sampleLatents(1, 1, 100), sampleLatents(2, 1, 100)];
  const ends = (lengthOf(from) + lengthOf(to)) / 2;
  assert.ok(Math.abs(lengthOf(between(from, to, 0.5, 100)) / ends - 1) < 0.02);
  const straight = from.map((value, i) => (value + (to[i] as number)) / 2);
  assert.ok(lengthOf(straight) / ends < 0.8);
});

test('latents on one line go along it: the same one, an opposite one, one coordinate, none', () => {
  const halfway = (a: number[], b: number[]) => [...between(Float32Array.from(a), Float32Array.from(b), 0.5, a.length)];
  assert.deepEqual(halfway([1, 2], [1, 2]), [1, 2]);
  assert.deepEqual(halfway([1, -2], [-3, 6]), [-1, 2]);
  assert.deepEqual(halfway([2], [4]), [3]);
  assert.deepEqual(halfway([0, 0], [4, 2]), [2, 1]);
});

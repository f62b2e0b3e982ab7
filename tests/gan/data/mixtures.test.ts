import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIXTURE_NAMES, mixtureNamed, openMixture } from '../../../gan/data/mixtures.js';

const all = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

for (const name of MIXTURE_NAMES) {
  test(`the points of ${name} lie round every mode equally often, with its deviation`, () => {
    const data = openMixture(name, 1);
    assert.deepEqual([data.kind, data.shape, data.count], ['points', [2], 100_000]);
    const { centres, deviation } = mixtureNamed(name);
    const points = data.gather(all(data.count));
    const hits = new Array<number>(centres.length).fill(0);
    let squares = 0;
    for (let i = 0; i < data.count; i += 1) {
      const distances = centres.map(
        ([x, y]) => ((points[i * 2] as number) - x) ** 2 + ((points[i * 2 + 1] as number) - y) ** 2,
      );
      const nearest = Math.min(...distances);
      const mode = distances.indexOf(nearest);
      hits[mode] = (hits[mode] ?? 0) + 1;
      squares += nearest;
    }
    const expected = data.count / centres.length;
    for (const hit of hits)
      assert.ok(Math.abs(hit - expected) < 5 * Math.sqrt(expected), `${hit} points, not about ${expected}`);
    const found = Math.sqrt(squares / (2 * data.count));
    assert.ok(Math.abs(found / deviation - 1) < 0.015, `deviation ${found}`);
  });
}

test('the modes are those of the literature', () => {
  const ring = mixtureNamed('ring8').centres;
  assert.equal(ring.length, 8);
  for (const [x, y] of ring) assert.ok(Math.abs(Math.hypot(x, y) - 1) < 1e-12);
  const grid = mixtureNamed('grid25').centres.map(([x, y]) => `${x},${y}`);
  const wanted = [-4, -2, 0, 2, 4].flatMap((x) => [-4, -2, 0, 2, 4].map((y) => `${x},${y}`));
  assert.deepEqual(grid.sort(), wanted.sort());
});

test('a mixture follows from the seed, and its held-out points are others', () => {
  const [a, b, c] = [openMixture('ring8', 1), openMixture('ring8', 1), openMixture('ring8', 2)];
  assert.equal(a.sha256, b.sha256);
  assert.notEqual(a.sha256, c.sha256);
  assert.deepEqual(a.gather(all(9)), b.gather(all(9)));
  assert.notDeepEqual(a.gather(all(9)), a.gatherHeldOut(all(9)));
});

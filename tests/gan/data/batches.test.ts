import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../common/errors.js';
import { Batches, batchIndices } from '../../../gan/data/batches.js';

const setups = fc
  .record({ seed: fc.nat(), batch: fc.integer({ min: 1, max: 12 }), extra: fc.nat(60) })
  .map(({ seed, batch, extra }) => ({ seed, batch, count: batch + extra }));

test('a data pass shows no sample twice and leaves out fewer than a batch', () => {
  fc.assert(
    fc.property(setups, fc.nat(20), ({ seed, batch, count }, pass) => {
      const perPass = Math.floor(count / batch);
      const batches = new Batches(seed, batch, count);
      const shown = Array.from({ length: perPass }, (_, i) => [...batches.indices(pass * perPass + i)]).flat();
      assert.equal(shown.length, perPass * batch);
      assert.equal(new Set(shown).size, shown.length);
      assert.ok(shown.every((index) => index < count));
    }),
  );
});

test('the batch of a step is the same whatever was asked before', () => {
  fc.assert(
    fc.property(
      setups,
      fc.array(fc.nat(200), { maxLength: 10 }),
      fc.nat(200),
      ({ seed, batch, count }, earlier, step) => {
        const asked = new Batches(seed, batch, count);
        for (const other of earlier) asked.indices(other);
        assert.deepEqual(asked.indices(step), batchIndices(seed, step, batch, count));
      },
    ),
  );
});

test('a batch stays as it was when later passes are asked for', () => {
  const batches = new Batches(1, 4, 10);
  const first = batches.indices(0);
  const copy = first.slice();
  batches.indices(2);
  assert.deepEqual(first, copy);
});

test('the samples that do not fill a batch are other ones in every pass', () => {
  const leftOut = (pass: number) => {
    const shown = new Set([0, 1, 2].flatMap((i) => [...batchIndices(1, pass * 3 + i, 30, 100)]));
    return Array.from({ length: 100 }, (_, i) => i).filter((i) => !shown.has(i));
  };
  assert.equal(leftOut(0).length, 10);
  assert.notDeepEqual(leftOut(0), leftOut(1));
});

test('another seed gives another order', () => {
  assert.notDeepEqual(batchIndices(1, 0, 50, 100), batchIndices(2, 0, 50, 100));
});

test('fewer samples than a batch are refused, with both numbers', () => {
  assert.throws(
    () => new Batches(1, 64, 63),
    (error) => error instanceof UsageError && /63.*64/.test(error.message),
  );
});

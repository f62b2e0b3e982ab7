import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecoveryTimer } from '../../../coordinator/training/faults/recovery-timer.js';

test('a recovery is split at its four marks', () => {
  const timer = new RecoveryTimer();
  assert.equal(timer.running, false);
  timer.begin({ lastHeardAt: 1000, now: 1010 });
  assert.equal(timer.running, true);
  timer.placed(1200);
  timer.ready(2700);
  assert.deepEqual(timer.caughtUp(2800), {
    detectMs: 10,
    replaceMs: 190,
    restoreMs: 1500,
    replayMs: 100,
    totalMs: 1800,
    faults: 1,
  });
  assert.equal(timer.running, false);
});

test('without a recovery, and before its replay, there is nothing to catch up with', () => {
  const timer = new RecoveryTimer();
  timer.placed(5);
  timer.ready(6);
  assert.equal(timer.caughtUp(7), undefined);
  timer.begin({ lastHeardAt: 10, now: 20 });
  assert.equal(timer.caughtUp(30), undefined);
  timer.placed(40);
  assert.equal(timer.caughtUp(50), undefined);
  timer.ready(60);
  assert.equal(timer.caughtUp(70)?.totalMs, 60);
  assert.equal(timer.caughtUp(80), undefined);
});

test('a fault that loses nobody has no time of replacing: ready is enough', () => {
  const timer = new RecoveryTimer();
  timer.begin({ lastHeardAt: 100, now: 100 });
  timer.placed(100);
  timer.ready(150);
  const { detectMs, replaceMs, restoreMs } = timer.caughtUp(160) ?? {};
  assert.deepEqual([detectMs, replaceMs, restoreMs], [0, 0, 50]);
  timer.begin({ lastHeardAt: 200, now: 200 });
  timer.ready(250);
  const skipped = timer.caughtUp(260);
  assert.deepEqual([skipped?.replaceMs, skipped?.restoreMs, skipped?.replayMs], [50, 0, 10]);
});

test('a second fault in the replay sends the recovery back to replacing, and the total runs from the first', () => {
  const timer = new RecoveryTimer();
  timer.begin({ lastHeardAt: 0, now: 10 });
  timer.placed(100);
  timer.ready(300);
  // The replay went on for 50 until the second was last heard; 30 later it was known to be lost.
  timer.begin({ lastHeardAt: 350, now: 380 });
  assert.equal(timer.caughtUp(390), undefined);
  timer.placed(400);
  timer.ready(500);
  assert.deepEqual(timer.caughtUp(600), {
    detectMs: 10 + 30,
    replaceMs: 90 + 20,
    restoreMs: 200 + 100,
    replayMs: 50 + 100,
    totalMs: 600,
    faults: 2,
  });
});

test('of two faults at once no time is counted twice', () => {
  const timer = new RecoveryTimer();
  timer.begin({ lastHeardAt: 0, now: 10_000 });
  timer.begin({ lastHeardAt: 100, now: 10_500 });
  timer.placed(11_000);
  timer.ready(12_000);
  assert.deepEqual(timer.caughtUp(12_100), {
    detectMs: 10_500,
    replaceMs: 500,
    restoreMs: 1000,
    replayMs: 100,
    totalMs: 12_100,
    faults: 2,
  });
});

test('a recovery that is abandoned leaves nothing to the next', () => {
  const timer = new RecoveryTimer();
  timer.begin({ lastHeardAt: 0, now: 10 });
  timer.ready(500);
  timer.abandon();
  assert.equal(timer.caughtUp(600), undefined);
  timer.begin({ lastHeardAt: 1000, now: 1001 });
  timer.placed(1002);
  timer.ready(1003);
  assert.deepEqual(timer.caughtUp(1004), {
    detectMs: 1,
    replaceMs: 1,
    restoreMs: 1,
    replayMs: 1,
    totalMs: 4,
    faults: 1,
  });
});

test('whatever happens in whatever order, the parts are the whole, from the first sign of the first fault to the end', () => {
  const move = fc.tuple(
    fc.constantFrom('begin', 'placed', 'ready'),
    fc.integer({ min: 0, max: 1000 }),
    fc.integer({ min: 0, max: 2000 }),
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
      const timer = new RecoveryTimer();
      let now = 10_000;
      const first = now - 500;
      timer.begin({ lastHeardAt: first, now });
      for (const [kind, passed, silent] of moves) {
        now += passed;
        if (kind === 'begin') timer.begin({ lastHeardAt: now - silent, now });
        else timer[kind](now);
      }
      timer.ready(now);
      const times = timer.caughtUp(now + 7);
      assert.ok(times);
      const { totalMs, faults, ...parts } = times;
      assert.equal(totalMs, now + 7 - first);
      assert.equal(
        Object.values(parts).reduce((sum, part) => sum + part, 0),
        totalMs,
      );
      assert.ok(Object.values(parts).every((part) => part >= 0));
      assert.equal(faults, 1 + moves.filter(([kind]) => kind === 'begin').length);
    }),
    { numRuns: 2000 },
  );
});

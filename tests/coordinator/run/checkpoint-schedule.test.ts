import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CheckpointSettings, checkpointDue } from '../../../coordinator/run/checkpoints/checkpoint-schedule.js';
import { compileOptions } from '../../../coordinator/run/config/options.js';

const settings = (change: Partial<CheckpointSettings> = {}): CheckpointSettings => ({
  checkpointEvery: 100,
  checkpointSeconds: 15,
  keepEvery: 0,
  ...change,
});
const at = (step: number, seconds: number, last = false) => ({ step, last, now: 5000 + seconds * 1000, since: 5000 });

test('by default a checkpoint is due every 500 steps or 15 seconds, and none stays for ever', () => {
  const { checkpointEvery, checkpointSeconds, keepEvery } = compileOptions({}).settings;
  assert.deepEqual([checkpointEvery, checkpointSeconds, keepEvery], [500, 15, 0]);
});

test('steps or seconds, whichever comes first', () => {
  assert.equal(checkpointDue(settings(), at(99, 1)), undefined);
  assert.equal(checkpointDue(settings(), at(100, 1)), 'steps');
  assert.equal(checkpointDue(settings(), at(101, 14.999)), undefined);
  assert.equal(checkpointDue(settings(), at(101, 15)), 'seconds');
  assert.equal(checkpointDue(settings(), at(102, 3600)), 'seconds');
  assert.equal(checkpointDue(settings({ checkpointSeconds: 0.5 }), at(3, 0.5)), 'seconds');
});

test('with 0 seconds time does not count', () => {
  assert.equal(checkpointDue(settings({ checkpointSeconds: 0 }), at(99, 1e6)), undefined);
  assert.equal(checkpointDue(settings({ checkpointSeconds: 0 }), at(200, 0)), 'steps');
});

test('the last step has one, and every step whose checkpoint stays for ever', () => {
  assert.equal(checkpointDue(settings(), at(7, 0, true)), 'last');
  assert.equal(checkpointDue(settings({ keepEvery: 7 }), at(21, 0)), 'kept');
  assert.equal(checkpointDue(settings({ keepEvery: 7 }), at(22, 0)), undefined);
});

test('between two checkpoints lie never more seconds than asked for, and a step', () => {
  const run = fc.record({
    checkpointEvery: fc.integer({ min: 1, max: 50 }),
    checkpointSeconds: fc.double({ min: 0.01, max: 5, noNaN: true }),
    durations: fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 200 }),
  });
  fc.assert(
    fc.property(run, ({ durations, ...given }) => {
      let [now, since, sinceStep] = [0, 0, 0];
      for (const [i, ms] of durations.entries()) {
        now += ms;
        const due = checkpointDue(settings(given), { step: i + 1, last: false, now, since });
        if (due !== undefined) [since, sinceStep] = [now, i + 1];
        assert.ok(now - since < given.checkpointSeconds * 1000, 'what a fault after this step would cost');
        assert.ok(i + 1 - sinceStep < given.checkpointEvery);
      }
    }),
  );
});

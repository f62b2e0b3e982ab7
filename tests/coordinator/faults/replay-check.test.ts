import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { ReplayCheck } from '../../../coordinator/training/faults/replay-check.js';
import { signalsOf, stepOf } from '../../support/runs/history.js';

function checkOf(...steps: StepMetrics[]): ReplayCheck {
  const check = new ReplayCheck();
  for (const metrics of steps) check.remember(metrics);
  return check;
}

/** The next double. */
function next(value: number): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  return new Float64Array(BigInt64Array.of((bits[0] ?? 0n) + 1n).buffer)[0] ?? Number.NaN;
}

test('a replay with the same figures is the same, whatever its epoch, its times and its tensors', () => {
  const check = checkOf(stepOf(7, { signals: signalsOf() }));
  const again = stepOf(7, {
    signals: signalsOf(),
    epoch: 9,
    ms: 1234,
    phases: { discriminator: { update: 3 } },
    tensors: { discriminator: 12 },
  });
  assert.equal(check.compare(again), undefined);
  assert.equal(check.compared, 1);
});

test('the last bit of any figure shows, with both values', () => {
  const was = stepOf(7, { signals: signalsOf() });
  const cases: [Partial<StepMetrics>, RegExp][] = [
    [
      { discriminatorLoss: next(1.2) },
      /^step 7: discriminatorLoss was 1\.2, and is 1\.2000000000000002 in the replay$/,
    ],
    [{ averageGeneratorLoss: next(0.8) }, /averageGeneratorLoss was 0\.8, and is 0\.8000000000000002/],
    [{ generatorLosses: [0.8, next(0.8)] }, /generatorLosses\[1\] was 0\.8/],
    [{ verdicts: { x: 39, g1: 13, g2: 12 } }, /verdicts\.g1 was 12, and is 13/],
    [{ scores: { x: 0.6, g1: 0.4, g2: next(0.4) } }, /scores\.g2 was 0\.4/],
    [
      { gradientNorms: { ...was.gradientNorms, 'generator-2': next(1) } },
      /gradientNorms\.generator-2 was 1, and is 1\.0/,
    ],
    [{ signals: signalsOf({ sigma: { conv1: next(1) } }) }, /sigma\.conv1 was 1/],
    [{ signals: signalsOf({ updateShare: { g1: 0.5, g2: next(0.5) } }) }, /updateShare\.g2/],
  ];
  for (const [change, reason] of cases) {
    assert.match(checkOf(was).compare({ ...was, ...change }) ?? 'no difference', reason);
  }
});

test('a figure that is there once only is a difference, and so is the sign of a zero', () => {
  const was = stepOf(7);
  const { signals: _signals, ...without } = stepOf(7, { signals: signalsOf() });
  assert.match(checkOf(was).compare(stepOf(7, { signals: signalsOf() })) ?? '', /sigma\.conv1 was absent, and is 1/);
  assert.match(
    checkOf(stepOf(7, { signals: signalsOf() })).compare(without) ?? '',
    /sigma\.conv1 was 1, and is absent/,
  );
  assert.match(checkOf(was).compare({ ...was, generatorLosses: [0.8] }) ?? '', /generatorLosses\[1\] .* absent/);
  const zero = stepOf(7, { discriminatorLoss: 0 });
  assert.match(checkOf(zero).compare({ ...zero, discriminatorLoss: -0 }) ?? '', /was 0, and is -0/);
  const nan = stepOf(7, { discriminatorLoss: Number.NaN });
  assert.equal(checkOf(nan).compare(nan), undefined);
});

test('the order of the keys is not a difference', () => {
  const was = stepOf(7, { verdicts: { x: 1, g1: 2, g2: 3 } });
  assert.equal(checkOf(was).compare({ ...was, verdicts: { g2: 3, x: 1, g1: 2 } }), undefined);
});

test('a step that is not remembered is not compared, and not counted as compared', () => {
  const check = checkOf(stepOf(1), stepOf(2), stepOf(3), stepOf(4));
  const differs = (step: number) => check.compare(stepOf(step, { discriminatorLoss: 9 })) !== undefined;
  check.forgetBefore(2);
  check.forgetAfter(3);
  assert.deepEqual([1, 2, 3, 4, 5].map(differs), [false, true, true, false, false]);
  assert.equal(check.compared, 2);
});

test('a step that comes again stays what it was the first time', () => {
  const check = checkOf(stepOf(1), stepOf(1, { discriminatorLoss: 9 }));
  assert.equal(check.compare(stepOf(1)), undefined);
});

test('a branch after a rollback is remembered anew', () => {
  const check = checkOf(stepOf(1), stepOf(2));
  check.forgetAfter(1);
  check.remember(stepOf(2, { discriminatorLoss: 9 }));
  assert.equal(check.compare(stepOf(2, { discriminatorLoss: 9 })), undefined);
});

test('of more steps than it may hold the oldest are forgotten', () => {
  const check = new ReplayCheck(3);
  for (let step = 1; step <= 5; step += 1) check.remember(stepOf(step));
  const known = [1, 2, 3, 4, 5].filter((step) => check.compare(stepOf(step, { averageGeneratorLoss: 9 })));
  assert.deepEqual(known, [3, 4, 5]);
});

test('any double comes back as it was, or is told', () => {
  const double = fc.double();
  fc.assert(
    fc.property(double, double, (was, is) => {
      const check = checkOf(stepOf(1, { gradientNorms: { discriminator: was } }));
      const said = check.compare(stepOf(1, { gradientNorms: { discriminator: is } }));
      assert.equal(said === undefined, Object.is(was, is));
    }),
    { numRuns: 2000 },
  );
});

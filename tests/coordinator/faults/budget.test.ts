import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FAULT_KINDS, FaultBudget, type FaultKind, type Spent } from '../../../coordinator/training/faults/budget.js';

const LIMITS = { maxCrashes: 100, maxEvictions: 50, maxFaultySteps: 20 };
const at = (step: number, role = 'generator-1', reason = 'its process was ended by SIGKILL') => ({
  step,
  role,
  reason,
});

function assertOver(spent: Spent, reason: RegExp): void {
  assert.ok(spent.over);
  assert.match(spent.reason, reason);
}

test('every kind has its own budget, and the one that goes over names its flag', () => {
  for (const [kind, most, reason] of [
    ['crash', 100, /^101 crashes are more than --max-crashes 100 allows \(the last: generator-1, its process/],
    ['eviction', 50, /^51 evictions are more than --max-evictions 50 allows/],
    ['faulty-step', 20, /^21 faulty steps are more than --max-faulty-steps 20 allows/],
  ] as const) {
    const budget = new FaultBudget(LIMITS);
    for (let step = 1; step <= most; step += 1) {
      assert.deepEqual(budget.spend(kind, at(step)), { over: false }, `${kind} ${step}`);
      budget.progressed(step);
    }
    assertOver(budget.spend(kind, at(most + 1)), reason);
    for (const other of FAULT_KINDS.filter((name) => name !== kind)) {
      assert.deepEqual(budget.spend(other, at(most + 1, 'discriminator')), { over: false });
    }
    assert.equal(budget.spent[kind], most + 1);
  }
});

test('a budget of 0 allows none', () => {
  const budget = new FaultBudget({ maxCrashes: 0, maxEvictions: 0, maxFaultySteps: 0 });
  assertOver(budget.spend('crash', at(1)), /1 crashes are more than --max-crashes 0/);
  assertOver(budget.spend('eviction', at(1)), /--max-evictions 0/);
  assertOver(budget.spend('faulty-step', at(1)), /--max-faulty-steps 0/);
});

test('five workers of a role lost without a new step between them end the run, with all five reasons; of all roles at once, not', () => {
  const budget = new FaultBudget(LIMITS);
  const kinds: FaultKind[] = ['crash', 'eviction', 'crash', 'eviction'];
  for (const [i, kind] of kinds.entries()) {
    assert.deepEqual(budget.spend(kind, at(7 - i, 'generator-1', `reason ${i}`)), { over: false });
  }
  for (let i = 2; i < 10; i += 1) assert.deepEqual(budget.spend('crash', at(7, `generator-${i}`)), { over: false });
  assertOver(
    budget.spend('crash', at(3, 'generator-1', 'the last')),
    /^5 workers of generator-1 were lost in a row, .*\(reason 0; reason 1; .*; the last\)$/,
  );
});

test('only a step that was never committed before is progress: a replay is none', () => {
  const lose = (budget: FaultBudget, times: number) =>
    Array.from({ length: times }, (_, i) => budget.spend('crash', at(11 - 2 * i, 'generator-1')).over);
  const replayed = new FaultBudget(LIMITS);
  replayed.progressed(10);
  assert.deepEqual(lose(replayed, 4), [false, false, false, false]);
  replayed.progressed(8);
  replayed.progressed(10);
  assert.deepEqual(lose(replayed, 1), [true]);
  const gone = new FaultBudget(LIMITS);
  gone.progressed(10);
  assert.deepEqual(lose(gone, 4), [false, false, false, false]);
  gone.progressed(11);
  assert.deepEqual(lose(gone, 4), [false, false, false, false]);
});

test('after a rollback the steps of the new path are progress', () => {
  const budget = new FaultBudget(LIMITS);
  budget.progressed(100);
  for (let i = 0; i < 4; i += 1) budget.spend('crash', at(101 + 2 * i, 'generator-1'));
  budget.wentBack(50);
  budget.progressed(51);
  assert.equal(budget.spend('crash', at(52, 'generator-1')).over, false);
});

test('faulty steps are no lost workers', () => {
  const budget = new FaultBudget(LIMITS);
  for (let step = 1; step <= 10; step += 1) assert.equal(budget.spend('faulty-step', at(step)).over, false);
  assert.equal(budget.spend('crash', at(11)).over, false);
});

test('the same fault three times at one step ends the run: replaying would only repeat it', () => {
  const budget = new FaultBudget(LIMITS);
  const nan = at(42, 'discriminator', 'its loss is NaN');
  assert.equal(budget.spend('faulty-step', nan).over, false);
  assert.equal(budget.spend('faulty-step', nan).over, false);
  assertOver(
    budget.spend('faulty-step', nan),
    /^discriminator had the same fault 3 times at step 42 \(its loss is NaN\): replaying would only repeat it$/,
  );
});

test('another step, role, kind or reason is another fault; other figures are not', () => {
  const nan = at(42, 'discriminator', 'its loss is NaN');
  for (const other of [
    { ...nan, step: 43 },
    { ...nan, role: 'generator-1' },
    { ...nan, reason: 'its loss is Infinity' },
  ]) {
    const budget = new FaultBudget(LIMITS);
    assert.deepEqual(
      [nan, other, nan, other].map((each) => budget.spend('faulty-step', each).over),
      [false, false, false, false],
    );
  }
  const mixed = new FaultBudget(LIMITS);
  assert.deepEqual(
    (['crash', 'faulty-step', 'crash', 'eviction'] as const).map((kind) => mixed.spend(kind, nan).over),
    [false, false, false, false],
  );
  const figures = new FaultBudget(LIMITS);
  const told = ['process 812 ended with code 1 after 3.5 s', 'process 97 ended with code 1 after 1e-3 s'];
  assert.equal(figures.spend('crash', at(5, 'generator-1', told[0])).over, false);
  assert.equal(figures.spend('crash', at(5, 'generator-1', told[1])).over, false);
  assertOver(figures.spend('crash', at(5, 'generator-1', told[0])), /same fault 3 times at step 5/);
});

test('progress before the step does not forget its faults', () => {
  const budget = new FaultBudget(LIMITS);
  budget.spend('faulty-step', at(42));
  budget.spend('faulty-step', at(42));
  budget.progressed(41);
  assert.equal(budget.spend('faulty-step', at(42)).over, true);
});

test('a step that was committed after all starts anew', () => {
  const budget = new FaultBudget(LIMITS);
  budget.spend('faulty-step', at(42));
  budget.spend('faulty-step', at(42));
  budget.progressed(41);
  budget.progressed(42);
  assert.equal(budget.spend('faulty-step', at(42)).over, false);
});

test('whatever happens, no run outlives its budgets, and none ends before one is used up', () => {
  const move = fc.oneof(
    fc.record({
      kind: fc.constantFrom(...FAULT_KINDS),
      step: fc.integer({ min: 1, max: 6 }),
      role: fc.constantFrom('a', 'b'),
    }),
    fc.record({ progressed: fc.integer({ min: 1, max: 200 }) }),
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 120 }), (moves) => {
      const limits = { maxCrashes: 9, maxEvictions: 7, maxFaultySteps: 4 };
      const most = { crash: 9, eviction: 7, 'faulty-step': 4 };
      const budget = new FaultBudget(limits);
      // Told once more, from the whole past, the slow and plain way.
      const past: typeof moves = [];
      for (const one of moves) {
        past.push(one);
        if ('progressed' in one) {
          budget.progressed(one.progressed);
          continue;
        }
        const heights = past.map((each) => ('progressed' in each ? each.progressed : 0));
        const isNew = (i: number) => (heights[i] ?? 0) > Math.max(0, ...heights.slice(0, i));
        const lastNew = heights.findLastIndex((_, i) => isNew(i));
        const faults = past.filter((each) => 'kind' in each);
        const since = past.slice(lastNew + 1).filter((each) => 'kind' in each);
        const committed = past.findLastIndex((_, i) => isNew(i) && (heights[i] ?? 0) >= one.step);
        const same = past
          .slice(committed + 1)
          .filter(
            (each) => 'kind' in each && each.kind === one.kind && each.step === one.step && each.role === one.role,
          );
        const expected =
          faults.filter(({ kind }) => kind === one.kind).length > most[one.kind] ||
          (one.kind !== 'faulty-step' &&
            since.filter(({ kind, role }) => kind !== 'faulty-step' && role === one.role).length >= 5) ||
          (one.kind !== 'eviction' && same.length >= 3);
        assert.equal(budget.spend(one.kind, at(one.step, one.role)).over, expected);
      }
    }),
    { numRuns: 2000 },
  );
});

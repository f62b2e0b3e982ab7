import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discriminatorMs } from '../../bench/duet.js';
import { medianRatio } from '../../bench/statistics.js';
import { type Times, goalTable, stepTable } from '../../bench/step-tables.js';

const TIMES: Times = {
  duetThree: [60, 90, 100],
  gloo1: [100, 200, 200],
  gloo2: [150, 120, Number.NaN],
  duetOne1: [101, 90, 200],
  torchOne1: [100, 100, 100],
  duetOne2: [90, 90, 90],
  torchOne2: [50, 100, 100],
};

function line(text: string, start: string): string[] {
  const found = text.split('\n').find((each) => each.startsWith(start)) ?? '';
  return found.trim().split(/ {2,}/);
}

test('three workers are compared with the better gloo of the same turn, and with PyTorch in one process', () => {
  // 60 of 100, 90 of 120, 100 of 200; and 60 of 50, 90 of 100, 100 of 100.
  assert.deepEqual(line(stepTable(TIMES), 'Duet, 3 worker').slice(1), ['90.0', '60.0 to 100.0', '0.60', '1.00']);
  assert.deepEqual(line(stepTable(TIMES), 'Duet, one process, 1').slice(1), ['101.0', '90.0 to 200.0', '1.01']);
});

test('a goal is met by the median of the ratios that is no larger, and missed by one that is', () => {
  assert.deepEqual(line(goalTable(TIMES), 'three workers / PyTorch gloo').slice(1), ['0.600', '0.65', 'met']);
  assert.deepEqual(line(goalTable(TIMES), 'three workers / PyTorch, one').slice(1), ['1.000', '1.00', 'met']);
  assert.deepEqual(line(goalTable(TIMES), 'one process').slice(1), ['1.010', '1.00', 'missed']);
});

test('a peer that did not get to its end leaves a table without its figures, and a goal that was not measured', () => {
  const none = [Number.NaN, Number.NaN, Number.NaN];
  const times = { ...TIMES, gloo1: none, gloo2: none };
  assert.deepEqual(line(stepTable(times), 'PyTorch gloo, 3 processes, 1').slice(1), ['failed']);
  assert.deepEqual(line(stepTable(times), 'Duet, 3 worker').slice(1), ['90.0', '60.0 to 100.0', '1.00']);
  assert.deepEqual(line(goalTable(times), 'three workers / PyTorch gloo').slice(1), ['0.65', 'not measured']);
});

test('the ratio of values measured by turns is the median of their ratios, without turns that lack one', () => {
  assert.equal(medianRatio([1, 2, 9], [2, 2, 3]), 1);
  assert.equal(medianRatio([1, Number.NaN, 9], [2, 2, Number.NaN]), 0.5);
  assert.equal(medianRatio([], []), Number.NaN);
});

test("the discriminator's own work is all of its phases but its waits", () => {
  const discriminator = { 'real-half': 10, 'wait-activations': 50, update: 20, judge: 5, 'wait-commit': 3, commit: 1 };
  assert.equal(discriminatorMs({ phases: { discriminator, 'generator-1': { forward: 100 } } }), 36);
});

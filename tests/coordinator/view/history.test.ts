import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../../coordinator/view/history.js';
import { stepOf } from '../../support/runs/history.js';

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const near = (actual: number | null | undefined, expected: number, what: string) =>
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) <= 1e-4 * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}`,
  );

test('a short run is told step by step, with shares of its verdicts', () => {
  const history = new History();
  history.add(stepOf(1, { discriminatorLoss: 1.5, verdicts: { x: 48, g1: 12, g2: 4 } }));
  history.add(stepOf(2, { generatorLosses: [0.25, 0.75], averageGeneratorLoss: 0.5, ms: 20 }));
  const { columns, bucketSteps } = history.part();
  assert.equal(bucketSteps, 1);
  assert.deepEqual(columns.step, [1, 2]);
  assert.deepEqual(columns.discriminatorLoss, [1.5, 1.2]);
  assert.deepEqual(columns.generatorLosses, [
    [0.8, 0.25],
    [0.8, 0.75],
  ]);
  assert.deepEqual(columns.ms, [10, 20]);
  assert.deepEqual(
    Object.entries(columns.verdicts).map(([name, [first]]) => [name, first]),
    [
      ['x', 0.75],
      ['g1', 0.1875],
      ['g2', 0.0625],
    ],
  );
});

test('a run of any length has at most so many points, each the mean of its steps', () => {
  const most = 100;
  const loss = (step: number) => Math.sin(step / 700) + (step % 7);
  for (const steps of [100, 101, 1000, 12_345]) {
    const history = new History(most);
    for (let step = 1; step <= steps; step += 1) history.add(stepOf(step, { discriminatorLoss: loss(step) }));
    const { columns, bucketSteps } = history.part();
    assert.ok(columns.step.length <= most && columns.step.length >= most / 2, `${steps}: ${columns.step.length}`);
    assert.equal(columns.step.length, Math.ceil(steps / bucketSteps));
    for (const [i, got] of columns.discriminatorLoss.entries()) {
      const first = i * bucketSteps + 1;
      const bucket = Array.from({ length: Math.min(bucketSteps, steps - first + 1) }, (_, k) => first + k);
      near(columns.step[i], mean(bucket), `step of bucket ${i} of ${steps}`);
      near(got, mean(bucket.map(loss)), `loss of bucket ${i} of ${steps}`);
    }
  }
});

test('a reader that knows the points before the last ones gets the same by the rest alone, until a generation ends', () => {
  const history = new History(64);
  let known = history.part();
  for (let step = 1; step <= 500; step += 1) {
    history.add(stepOf(step, { ms: step }));
    if (step % 3 !== 0) continue;
    const from = known.generation === history.generation ? Math.max(0, known.columns.step.length - 1) : 0;
    const news = history.part(from);
    const ms = [...known.columns.ms.slice(0, from), ...news.columns.ms];
    assert.deepEqual(ms, history.part().columns.ms, `after step ${step}`);
    known = history.part();
  }
});

test('a step without its numbers leaves a gap, and a line that is no step nothing', () => {
  const history = new History();
  history.add({ ...stepOf(1), discriminatorLoss: null as unknown as number, verdicts: {} });
  history.add({ step: -3 });
  history.add({ step: 'two' as unknown as number });
  history.add({ step: 2 });
  const { columns } = history.part();
  assert.deepEqual(columns.step, [1, 2]);
  assert.deepEqual(columns.discriminatorLoss, [null, null]);
  assert.deepEqual(columns.averageGeneratorLoss, [0.8, null]);
  history.clear();
  assert.equal(history.part().columns.step.length, 0);
});

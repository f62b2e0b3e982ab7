import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ledger, type Pair } from '../../bench/cost/ledger.js';
import { type Task, measurePair } from '../../bench/cost/measure.js';
import { measureSeries } from '../../bench/cost/series.js';
import { costTable } from '../../bench/cost/tables.js';
import { PRESET } from '../../bench/work.js';
import { UsageError } from '../../common/errors.js';
import { scratchFolder } from '../support/machine/scratch.js';

const PAIR: Pair = {
  ...PRESET,
  device: 'cpu',
  steps: 20,
  pair: 1,
  duet: { ms: 100, chainMs: 80, discriminatorMs: 60 },
  gloo: { ms: 125 },
  one: { ms: 80 },
};

/** The cells of each line below the header. */
function cells(text: string): string[][] {
  return text
    .split('\n')
    .slice(2)
    .map((line) => line.trim().split(/ {2,}/));
}

test('a row has medians, the median of the ratios of each pair, and the step against its longest chain', () => {
  const pairs: Pair[] = [
    PAIR,
    { ...PAIR, pair: 2, duet: { ms: 200, chainMs: 100, discriminatorMs: 80 }, gloo: { ms: 200 }, one: { ms: 400 } },
    { ...PAIR, pair: 3, duet: { ms: 110, chainMs: 88, discriminatorMs: 55 }, gloo: { ms: 100 }, one: { ms: 110 } },
  ];
  const [row] = cells(costTable('batch', [{ value: 64, pairs }]));
  // Of 0.8, 1 and 1.1, where the medians' ratio would be 0.88; and of 1.25, 0.5 and 1.
  assert.deepEqual(row, ['64', '110.0', '125.0', '1.00', '110.0', '1.00', '9.09', '11.36', '80 %']);
  const [ofGenerators] = cells(costTable('generators', [{ value: 2, pairs }]));
  assert.equal(ofGenerators?.at(-1), '50 %');
});

test('on a card a row tells what is uploaded and read back, on the CPU it does not', () => {
  const transfers = { upload: 2 ** 20, readback: 3 * 2 ** 19 };
  const table = costTable('width', [{ value: 1, pairs: [{ ...PAIR, device: 'cuda', transfers }] }]);
  assert.match(table, /upload MiB {2}readback MiB/);
  assert.deepEqual(cells(table)[0]?.slice(-2), ['1.0', '1.5']);
  assert.doesNotMatch(costTable('width', [{ value: 1, pairs: [PAIR] }]), /MiB/);
});

test('a measurement that failed says so and why, and the rest of its row and the next are there', () => {
  const failing: Pair = { ...PAIR, gloo: { failed: 'not done after 120 s' } };
  const rows = [
    { value: 8, pairs: [failing, { ...failing, pair: 2 }] },
    { value: 9, pairs: [{ ...PAIR, duet: { failed: 'out of memory' } }] },
    { value: 10, pairs: [PAIR] },
  ];
  const lines = cells(costTable('generators', rows));
  assert.deepEqual(lines[0]?.slice(0, 4), ['8', '100.0', 'failed', '80.0']);
  assert.deepEqual(lines[1], ['9', 'failed', '125.0', '80.0']);
  assert.deepEqual(lines[2]?.slice(0, 4), ['10', '100.0', '125.0', '0.80']);
  assert.deepEqual(lines.slice(3).flat(), [
    'generators 8: PyTorch gloo failed: not done after 120 s',
    'generators 9: Duet failed: out of memory',
  ]);
});

test('what has failed in one pair is not tried again in the next', async () => {
  const failed = { failed: 'not done after 120 s' };
  const before = [{ ...PAIR, duet: failed, gloo: failed, one: failed }];
  const pair = await measurePair({ work: PRESET, device: 'cpu', steps: 20 }, before);
  assert.deepEqual(pair, { ...before[0], pair: 2 });
});

test('what the ledger has is not measured again: after an end halfway only the rest is, and the preset once for all', async () => {
  await using scratch = scratchFolder();
  const path = scratch.write('cost.jsonl', '');
  const measured: string[] = [];
  const measureFor = (most: number) => (task: Task, before: readonly Pair[]) => {
    if (measured.length === most) throw new Error('the power is gone');
    const { batch, image } = task.work;
    measured.push(`${batch} ${image} ${before.length + 1}`);
    return Promise.resolve({ ...PAIR, ...task.work, steps: task.steps, pair: before.length + 1 });
  };
  const series = (most: number, by: 'batch' | 'image', values: number[]) => {
    const settings = { ledger: new Ledger(path), device: 'cpu', pairs: 2, steps: 20 } as const;
    return measureSeries({ by, values }, settings, measureFor(most));
  };
  await assert.rejects(series(3, 'batch', [16, 64]), /the power is gone/);
  const rows = await series(9, 'batch', [16, 64]);
  assert.deepEqual(
    rows.map(({ value, pairs }) => [value, pairs.length]),
    [
      [16, 2],
      [64, 2],
    ],
  );
  await series(9, 'image', [28, 32]);
  assert.deepEqual(measured, ['16 28 1', '16 28 2', '64 28 1', '64 28 2', '64 32 1', '64 32 2']);
});

test('a ledger that is opened again has every pair that was measured, but one whose line was cut off', async () => {
  await using scratch = scratchFolder();
  const path = scratch.write('cost.jsonl', '');
  const ledger = new Ledger(path);
  const other: Pair = { ...PAIR, batch: 16, one: { failed: 'exit code 1' } };
  for (const pair of [PAIR, other, { ...PAIR, pair: 2 }]) ledger.add(pair);
  const text = readFileSync(path, 'utf8');
  appendFileSync(path, JSON.stringify({ ...PAIR, pair: 3 }).slice(0, 60));
  const again = new Ledger(path);
  assert.deepEqual(again.of(PRESET, 'cpu', 20), [PAIR, { ...PAIR, pair: 2 }]);
  assert.deepEqual(again.of({ ...PRESET, batch: 16 }, 'cpu', 20), [other]);
  assert.deepEqual(again.of(PRESET, 'cpu', 10), [], 'other steps are another measurement');
  assert.deepEqual(again.of(PRESET, 'cuda', 20), []);
  again.add({ ...PAIR, pair: 3 });
  assert.equal(readFileSync(path, 'utf8'), `${text}${JSON.stringify({ ...PAIR, pair: 3 })}\n`);
});

test('a file of anything else is refused, with its line, and left as it is', async () => {
  await using scratch = scratchFolder();
  for (const bad of ['{"batch":64}', 'null', 'not JSON']) {
    const path = scratch.write('other.jsonl', `${JSON.stringify(PAIR)}\n${bad}\nrest`);
    assert.throws(
      () => new Ledger(path),
      (error) => error instanceof UsageError && error.message.startsWith(`${path}, line 2 is no measurement`),
    );
    assert.match(readFileSync(path, 'utf8'), /rest$/);
  }
});

test('a file that cannot be written is refused before anything is measured', async () => {
  await using scratch = scratchFolder();
  for (const path of [scratch.path, `${scratch.path}/missing/cost.jsonl`]) {
    assert.throws(
      () => new Ledger(path),
      (error) => error instanceof UsageError && error.message.startsWith(`--out ${path} cannot be written: `),
    );
  }
});

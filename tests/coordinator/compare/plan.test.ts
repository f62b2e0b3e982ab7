import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type RunFacts, decide } from '../../../coordinator/compare/running/decide.js';
import { pairsOf } from '../../../coordinator/compare/results/paired-tests.js';
import { capacityOf, inParallel } from '../../../coordinator/compare/running/parallel.js';
import { type PlannedRun, planRuns } from '../../../coordinator/compare/plan.js';
import { secondsLeft } from '../../../coordinator/compare/running/progress.js';
import { checkComparison } from '../../../coordinator/compare/spec.js';

const plan = (change: Record<string, unknown> = {}) => {
  const comparison = checkComparison(
    {
      name: 'points',
      systems: {
        gan: { system: 'gan' },
        average: { system: 'pggan', generatorLoss: 'average' },
        sum: { system: 'pggan', generatorLoss: 'sum' },
        hinge: { system: 'pggan', generatorLoss: 'sum', loss: 'hinge' },
      },
      data: ['ring8', 'mnist'],
      seeds: [3, 1],
      common: { steps: 100, batch: 16 },
      perData: { mnist: { steps: 200 } },
      ...change,
    },
    'points.yaml',
  );
  return { comparison, runs: planRuns(comparison, 'points.yaml') };
};

test('every combination is planned once, seed by seed, with the systems next to each other', () => {
  const { runs } = plan();
  assert.deepEqual(
    runs.slice(0, 5).map(({ name }) => name),
    ['ring8/gan/seed-3', 'ring8/average/seed-3', 'ring8/sum/seed-3', 'ring8/hinge/seed-3', 'mnist/gan/seed-3'],
  );
  assert.equal(runs.length, 4 * 2 * 2);
  assert.ok(runs.slice(0, 8).every(({ seed }) => seed === 3));
});

test("a data set's keys go before the common ones, and a system's before both", () => {
  const { runs } = plan({ systems: { slow: { system: 'gan', batch: 8 } } });
  const [ring, mnist] = runs;
  assert.deepEqual([ring?.training.steps, mnist?.training.steps], [100, 200]);
  assert.deepEqual([ring?.training.batch, ring?.training.seed, ring?.training.data], [8, 3, 'ring8']);
  assert.equal(ring?.threads, 1, 'the bits do not depend on how many cores there are');
  assert.deepEqual(
    runs.map(({ given }) => [given['engine'], given['preset']]),
    runs.map(() => ['tensorflow', 'full']),
    'nor does the size, or the engine, on what the machine can prepare',
  );
});

test('settings multiply the runs and name their folders', () => {
  const { runs } = plan({
    settings: { B: { learningRate: 0.0001 }, C: { learningRate: 0.0002 } },
    data: ['ring8'],
    perData: {},
  });
  assert.deepEqual(
    runs.slice(3, 6).map(({ name, training }) => [name, training.learningRate]),
    [
      ['ring8/hinge-B/seed-3', 0.0001],
      ['ring8/gan-C/seed-3', 0.0002],
      ['ring8/average-C/seed-3', 0.0002],
    ],
  );
});

test('systems are tested against the baseline, and pggan losses against each other when nothing else differs', () => {
  const { comparison, runs } = plan();
  assert.deepEqual(
    pairsOf(comparison, runs, 'ring8').map(({ system, against }) => `${system} ${against}`),
    ['average gan', 'sum gan', 'hinge gan', 'sum average'],
  );
});

const NEW: RunFacts = {
  hasResult: false,
  failure: undefined,
  isRun: false,
  state: undefined,
  checkpoints: [],
  steps: 500,
  isEvaluated: false,
  process: undefined,
};

test('what is done follows from what lies in the folder', () => {
  const dead = 'a worker was lost';
  const cases: [what: string, facts: Partial<RunFacts>, expected: object, expectedForgiven?: object][] = [
    ['nothing', {}, { act: 'train', from: 'nothing' }],
    ['a result', { hasResult: true, isRun: true, state: 'finished' }, { act: 'none', because: 'finished' }],
    ['a living process', { process: 7, isRun: true, state: 'running' }, { act: 'await', process: 7 }],
    ['no checkpoint yet', { isRun: true, state: 'running' }, { act: 'train', from: 'nothing' }],
    ['a checkpoint', { isRun: true, state: 'running', checkpoints: [250] }, { act: 'train', from: 'checkpoint' }],
    ['stopped', { isRun: true, state: 'stopped', checkpoints: [9] }, { act: 'train', from: 'checkpoint' }],
    ['trained', { isRun: true, state: 'finished', checkpoints: [250, 500] }, { act: 'evaluate' }],
    ['trained, status lost', { isRun: true, state: 'running', checkpoints: [500] }, { act: 'evaluate' }],
    ['evaluated', { isRun: true, state: 'finished', checkpoints: [500], isEvaluated: true }, { act: 'summarise' }],
    ['evaluated, checkpoints gone', { isRun: true, state: 'finished', isEvaluated: true }, { act: 'summarise' }],
    ['trained, checkpoints gone', { isRun: true, state: 'finished' }, { act: 'train', from: 'nothing' }],
    [
      'dead',
      { failure: dead, isRun: true, state: 'failed', checkpoints: [250] },
      { act: 'none', because: 'dead' },
      { act: 'train', from: 'checkpoint' },
    ],
    ['dead at once', { failure: dead }, { act: 'none', because: 'dead' }, { act: 'train', from: 'nothing' }],
    [
      'not evaluated',
      { failure: dead, isRun: true, state: 'finished', checkpoints: [500] },
      { act: 'none', because: 'dead' },
      { act: 'evaluate' },
    ],
    [
      'failed, and nobody wrote it down',
      { isRun: true, state: 'failed', checkpoints: [250] },
      { act: 'bury' },
      { act: 'train', from: 'checkpoint' },
    ],
  ];
  for (const [what, facts, expected, forgiven = expected] of cases) {
    assert.deepEqual(decide({ ...NEW, ...facts }, false), expected, what);
    assert.deepEqual(decide({ ...NEW, ...facts }, true), forgiven, `${what}, retried`);
  }
});

test('auto is a run on points for a core, one on images for two, and what memory allows', () => {
  const { runs } = plan();
  const [points, images] = [runs[0] as PlannedRun, runs[4] as PlannedRun];
  const at = (cores: number, gigabytes: number) => capacityOf('auto', runs, { cores, memory: gigabytes * 1e9 });
  assert.deepEqual([at(8, 64).total, at(8, 64).costOf(points), at(8, 64).costOf(images)], [8, 1, 2]);
  assert.deepEqual([at(1, 64).total, at(1, 64).costOf(images)], [1, 1], 'one at a time on one core');
  assert.equal(at(64, 6).total, 3, 'four processes of 0.5 GB a run');
  assert.equal(at(64, 0.1).total, 1);
  const asked = capacityOf(3, runs, { cores: 64, memory: 1e9 });
  assert.deepEqual([asked.total, asked.costOf(images)], [3, 1]);
});

test('no more runs than fit are begun, and none after a stop or a failure of the machine', async () => {
  const { runs } = plan();
  const stop = new AbortController();
  const begun: string[] = [];
  let [active, most] = [0, 0];
  const work = async (run: PlannedRun) => {
    begun.push(run.name);
    most = Math.max(most, (active += 1));
    await turn();
    active -= 1;
    if (begun.length === 6) stop.abort();
  };
  await inParallel(runs, { total: 2, costOf: () => 1 }, stop.signal, work);
  assert.equal(most, 2);
  assert.ok(begun.length >= 6 && begun.length <= 7);
  const tried: string[] = [];
  const failing = inParallel(
    runs,
    { total: 2, costOf: () => 1 },
    new AbortController().signal,
    async (run, { aborted }) => {
      assert.equal(aborted, false);
      tried.push(run.name);
      await turn();
      throw new Error('the disk is full');
    },
  );
  await assert.rejects(failing, /the disk is full/);
  assert.equal(tried.length, 2);
});

test('the time left is that of the runs left, by the data they train on', () => {
  const seconds = new Map([['ring8', [10, 20]]]);
  assert.equal(secondsLeft([{ data: 'ring8' }, { data: 'ring8' }], new Map(), 1), undefined);
  assert.equal(secondsLeft([{ data: 'ring8' }, { data: 'ring8' }], seconds, 2), 15);
  assert.equal(secondsLeft([{ data: 'mnist' }], seconds.set('mnist', [100]), 4), 100);
});

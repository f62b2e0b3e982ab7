import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Look, statusLine, statusLines } from '../../../coordinator/cli/status/status-text.js';
import type { WorkerView } from '../../../coordinator/view/run-view.js';

const WORKER: WorkerView = {
  role: 'discriminator',
  state: 'ready',
  worker: 'box/17',
  engine: 'tensorflow 2.21.0',
  device: 'cpu',
  phase: 'judge',
  phaseMs: 12,
  heartbeatMs: 240,
  residentBytes: 412_000_000,
  metrics: '127.0.0.1:9465',
};
const NOBODY = {
  worker: '',
  engine: '',
  device: '',
  phase: '',
  phaseMs: 0,
  heartbeatMs: 0,
  residentBytes: 0,
  metrics: '',
};

const LOOK: Look = {
  view: {
    id: 'first',
    state: 'recovering',
    reason: '',
    system: 'pggan',
    data: 'ring8',
    generators: 2,
    batch: 64,
    seed: 1,
    step: 420,
    steps: 3000,
    epoch: 3,
    branch: 0,
    created: '2026-11-24T13:00:00.000Z',
    stepMs: 140,
    secondsLeft: 361.2,
    live: true,
    address: '127.0.0.1:50051',
    page: 'http://127.0.0.1:8080',
    metrics: 'http://127.0.0.1:9464/metrics',
    sinceCommitMs: 2600,
    workers: [WORKER, { ...NOBODY, role: 'generator-1', state: 'missing' }, { ...WORKER, role: '', worker: 'box/18' }],
  },
  path: 'runs/first',
  metrics: {
    step: 420,
    epoch: 3,
    ms: 140,
    voteSpreadMs: 3,
    discriminatorLoss: 1.2101,
    generatorLosses: [0.84, 0.86],
    averageGeneratorLoss: 0.8512,
    verdicts: { x: 48, g1: 12, g2: 4 },
    scores: {},
    gradientNorms: {},
    phases: {},
    tensors: {},
  },
  quality: { step: 400, kid: 0.0123, generators: {}, floor: 0, best: 0.011, bestStep: 300, ratio: 1.12 },
  events: [
    { time: '2026-11-24T13:22:38.000Z', text: 'box/19, the worker of generator-1, was lost (crashed): signal SIGKILL' },
    { time: '', text: 'an event without its time' },
  ],
  note: '',
};

test('a run is shown by its state, its step, its newest figures, its workers and its newest events', () => {
  assert.deepEqual(statusLines(LOOK, Date.parse('2026-11-24T13:22:40.600Z')), [
    'run      first (runs/first)',
    'trains   pggan on ring8, 2 generators, batch 64, seed 1',
    'state    recovering, epoch 3',
    'step     420 of 3000 (14 %), 7.1 steps/s, 6m01s left, the last one 2.6 s ago',
    'losses   D 1.210, G 0.840 0.860, averaged 0.851',
    'judged   most real: x 75 %, g1 19 %, g2 6 %',
    'quality  KID 0.0123, best 0.0110 at step 300, ratio 1.12 (step 400)',
    'page     http://127.0.0.1:8080',
    'metrics  http://127.0.0.1:9464/metrics',
    '',
    'role           state    device  phase  for    heard of    memory    worker',
    'discriminator  ready    cpu     judge  12 ms  240 ms ago  412.0 MB  box/17',
    'generator-1    missing  -       -      -      -           -         -',
    'spare          ready    cpu     judge  12 ms  240 ms ago  412.0 MB  box/18',
    '',
    '2.6 s ago  box/19, the worker of generator-1, was lost (crashed): signal SIGKILL',
    '           an event without its time',
  ]);
  assert.equal(
    statusLine(LOOK),
    'recovering, epoch 3, step 420 of 3000 (14 %), 7.1 steps/s, 6m01s left, the last one 2.6 s ago',
  );
});

test('what is not known is left out: a run before its first step, and one that is over', () => {
  const { view } = LOOK;
  const young = {
    ...view,
    state: 'waiting' as const,
    step: 0,
    stepMs: 0,
    secondsLeft: 0,
    sinceCommitMs: 0,
    workers: [],
    epoch: 1,
  };
  const before = {
    ...LOOK,
    view: { ...young, page: '', metrics: '' },
    metrics: undefined,
    quality: undefined,
    events: [],
  };
  assert.deepEqual(statusLines(before, 0).slice(2), ['state    waiting, epoch 1', 'step     0 of 3000 (0 %)']);
  const over = {
    ...LOOK,
    view: {
      ...view,
      state: 'stopped' as const,
      reason: 'SIGINT',
      live: false,
      workers: [],
      page: '',
      metrics: '',
      branch: 2,
    },
  };
  assert.deepEqual(statusLines(over, 0).slice(2, 4), [
    'state    stopped (SIGINT), epoch 3, gone back to its best checkpoint 2 times',
    'step     420 of 3000 (14 %), 7.1 steps/s',
  ]);
  const lost = {
    ...LOOK,
    metrics: { ...(LOOK.metrics as NonNullable<Look['metrics']>), discriminatorLoss: null as unknown as number },
  };
  assert.ok(statusLines(lost, 0).includes('losses   D -, G 0.840 0.860, averaged 0.851'), 'a loss that was not finite');
});

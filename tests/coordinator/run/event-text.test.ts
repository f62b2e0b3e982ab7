import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesText, levelOf, millisecondsText, textOf } from '../../../coordinator/run/journal/event-text.js';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';

/** One of every kind: a kind that is missing here does not compile. */
const EVENTS: { [Kind in RunEvent['event']]: RunEvent & { event: Kind } } = {
  'run-started': { event: 'run-started', workers: 3, address: '127.0.0.1:50051' },
  'run-resumed': { event: 'run-resumed', step: 400, workers: 3, address: '127.0.0.1:50051' },
  'worker-joined': { event: 'worker-joined', worker: 'box/17', pid: 17, host: 'box' },
  'role-assigned': { event: 'role-assigned', worker: 'box/17', role: 'generator-1', epoch: 2, threads: 1 },
  'worker-standing-by': { event: 'worker-standing-by', worker: 'box/18', role: 'generator-1' },
  'role-ready': {
    event: 'role-ready',
    worker: 'box/17',
    role: 'generator-1',
    engine: 'tensorflow 2.21.0',
    device: 'cpu',
    epoch: 2,
  },
  'training-began': { event: 'training-began', epoch: 2, step: 400 },
  'checkpoint-written': { event: 'checkpoint-written', step: 400, bytes: 12_345_678, milliseconds: 84 },
  'checkpoint-passed-over': { event: 'checkpoint-passed-over', step: 400, reason: 'its manifest is damaged' },
  'samples-written': { event: 'samples-written', step: 400, file: 'samples/step-000400.png' },
  'message-refused': { event: 'message-refused', worker: 'box/17', reason: 'a vote of step 3, not 4' },
  'worker-lost': {
    event: 'worker-lost',
    worker: 'box/17',
    role: 'generator-1',
    cause: 'crashed',
    reason: 'SIGKILL ended it',
  },
  'step-faulty': { event: 'step-faulty', step: 401, role: 'discriminator', reason: 'the loss is not finite' },
  'step-called-off': {
    event: 'step-called-off',
    step: 401,
    cause: 'crashed',
    role: 'generator-1',
    reason: 'SIGKILL ended it',
  },
  recovered: {
    event: 'recovered',
    step: 401,
    to: 390,
    replayed: 10,
    epoch: 3,
    cause: 'crashed',
    role: 'generator-1',
    faults: 1,
    detectMs: 12,
    replaceMs: 1840,
    restoreMs: 95,
    replayMs: 700,
    totalMs: 2647,
  },
  'replay-differs': { event: 'replay-differs', step: 395, reason: 'the loss is 1.2, and was 1.3' },
  'fault-suspected': {
    event: 'fault-suspected',
    role: 'generator-1',
    peer: 'discriminator',
    cause: 'slow-link',
    reason: 'messages take 900 ms',
  },
  'nobody-evicted': { event: 'nobody-evicted', reason: 'all workers are silent' },
  'stop-requested': { event: 'stop-requested', by: 'SIGTERM' },
  'fault-injected': {
    event: 'fault-injected',
    fault: 'partition',
    role: 'generator-1',
    peer: 'discriminator',
    step: 12,
    worker: 'box/17',
  },
  'evaluator-started': { event: 'evaluator-started', pid: 99 },
  'quality-measured': {
    event: 'quality-measured',
    step: 400,
    kid: 0.0123,
    generators: { g1: 0.02 },
    floor: 0.001,
    best: 0.011,
    bestStep: 300,
    ratio: 1.118,
    modes: 7,
    modesOf: 8,
  },
  'collapse-suspected': {
    event: 'collapse-suspected',
    rule: 'quality-regressed',
    subject: '',
    step: 400,
    reason: 'KID doubled',
  },
  'warning-raised': {
    event: 'warning-raised',
    rule: 'gradient-exploding',
    subject: 'generator-1',
    step: 400,
    reason: 'a norm of 101',
  },
  'warning-cleared': {
    event: 'warning-cleared',
    rule: 'gradient-exploding',
    subject: 'generator-1',
    step: 410,
    reason: 'a norm of 9',
  },
  'evaluation-skipped': { event: 'evaluation-skipped', step: 400, reason: '2 are on their way' },
  'evaluation-ended': { event: 'evaluation-ended', reason: 'the evaluator died' },
  'rolled-back': { event: 'rolled-back', step: 600, to: 300, evaluated: 500, branch: 1, reason: 'KID doubled' },
  'rollback-refused': { event: 'rollback-refused', evaluated: 500, reason: 'it has gone back 3 times already' },
  'store-behind': { event: 'store-behind', seconds: 12, writes: 90, reason: 'nats://nats:4222 does not answer' },
  'store-caught-up': { event: 'store-caught-up', milliseconds: 63_000, pausedMs: 0 },
  exported: { event: 'exported', folder: 'runs/first/export' },
  'run-finished': { event: 'run-finished', step: 3000, reason: '' },
  'run-stopped': { event: 'run-stopped', step: 401, reason: 'SIGINT' },
  'run-failed': { event: 'run-failed', step: 401, reason: 'the disk is full' },
};

test('every kind of event has a text of one plain line, in which nothing is missing', () => {
  for (const event of Object.values(EVENTS)) {
    const text = textOf(event);
    assert.match(text, /^[^\n<>*`{}]{10,}$/, event.event);
    assert.doesNotMatch(text, /undefined|NaN|\[object/, event.event);
    const reason = 'reason' in event ? event.reason : '';
    assert.ok(text.includes(reason), `${event.event} says why: ${text}`);
  }
});

test('a text is a sentence with units', () => {
  const texts: [keyof typeof EVENTS, string][] = [
    ['run-started', 'the run began: 3 workers, coordinator at 127.0.0.1:50051'],
    ['role-assigned', 'box/17 gets the role generator-1, with 1 thread (epoch 2)'],
    ['checkpoint-written', 'checkpoint of step 400 written: 12.3 MB in 84 ms'],
    ['worker-lost', 'box/17, the worker of generator-1, was lost (crashed): SIGKILL ended it'],
    [
      'recovered',
      'recovered from a fault (crashed of generator-1) in 2.6 s: back to step 390, 10 steps replayed, step 401 committed (detect 12 ms, replace 1.8 s, restore 95 ms, replay 700 ms)',
    ],
    ['fault-injected', 'fault made on purpose during step 12: partition of generator-1 and discriminator (box/17)'],
    ['quality-measured', 'evaluation of step 400: KID 0.0123, best 0.0110 at step 300, ratio 1.12, 7 of 8 modes'],
    ['warning-raised', 'step 400: warning, gradient-exploding of generator-1: a norm of 101'],
    ['run-finished', 'the run finished at step 3000'],
    ['run-failed', 'the run failed at step 401: the disk is full'],
  ];
  for (const [kind, text] of texts) assert.equal(textOf(EVENTS[kind]), text);
  assert.equal(
    textOf({ ...EVENTS['worker-lost'], role: '', cause: 'left', reason: 'it was told to' }),
    'box/17, without a role, left: it was told to',
  );
});

test('a level says how much an event matters: a worker that left when told to is no warning', () => {
  const lost = EVENTS['worker-lost'];
  assert.equal(levelOf(lost), 'warn');
  assert.equal(levelOf({ ...lost, cause: 'left' }), 'info');
  assert.equal(levelOf(EVENTS['replay-differs']), 'error');
  assert.equal(levelOf(EVENTS['run-failed']), 'error');
  assert.equal(levelOf(EVENTS['collapse-suspected']), 'warn');
  assert.equal(levelOf(EVENTS['samples-written']), 'debug');
  assert.equal(levelOf(EVENTS['run-finished']), 'info');
});

test('bytes and milliseconds are rounded to what the eye takes in', () => {
  assert.deepEqual([0, 999, 1000, 1_234_567, 5e9, 7e12].map(bytesText), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 MB',
    '5.0 GB',
    '7000.0 GB',
  ]);
  assert.deepEqual([0, 84.4, 999, 1000, 61_000].map(millisecondsText), ['0 ms', '84 ms', '999 ms', '1.0 s', '61.0 s']);
});

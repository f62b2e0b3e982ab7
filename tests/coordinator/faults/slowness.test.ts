import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../coordinator/training/faults/diagnosis.js';
import type { Evidence } from '../../../coordinator/training/faults/evidence.js';
import { median } from '../../../coordinator/training/faults/slowness.js';
import { DEADLINES, crew, named } from '../../support/runs/evidence.js';

const look = (changes: Record<string, Partial<Evidence>>, stepMs = 1000, generators = 2) =>
  diagnose(crew(changes, generators), stepMs, DEADLINES);

/** Twelve steps of which the last have another length. */
const pace = (usual: number, ...last: number[]): Partial<Evidence> => ({
  computeMs: [...Array<number>(12 - last.length).fill(usual), ...last],
});
/** In a phase of its own since then. */
const busy = (phase: string, phaseMs: number): Partial<Evidence> => ({ phase, phaseMs });
const waiting = (phaseMs: number): Partial<Evidence> => ({ phaseMs });

test('a role whose last three steps took over 8 times its usual computing is evicted', () => {
  const { suspicions, heldBack } = look({ 'generator-1': pace(200, 2000, 1900, 2500) });
  assert.deepEqual(named(suspicions), ['evict generator-1 slow']);
  assert.match(
    suspicions[0]?.reason ?? '',
    /its last 3 steps took 1\.9 s of computing and more, 10 times of the 200 ms before/,
  );
  assert.equal(heldBack, undefined);
});

test('8 times is not over 8 times, two steps are not three, one hiccup is none', () => {
  for (const last of [[1600, 1600, 1600], [2000, 2000], [90_000], [2000, 200, 2000]]) {
    assert.deepEqual(look({ 'generator-1': pace(200, ...last) }), { suspicions: [] }, last.join());
  }
});

test('tiny steps may jump by any factor: it takes a second more than usual', () => {
  assert.deepEqual(look({ 'generator-1': pace(2, 900, 900, 900) }).suspicions, []);
  assert.deepEqual(look({ 'generator-1': pace(2, 1001.9, 1100, 1100) }).suspicions, []);
  assert.deepEqual(named(look({ 'generator-1': pace(2, 1002, 1100, 1100) }).suspicions), ['evict generator-1 slow']);
});

test('fewer than eight steps show nothing unusual', () => {
  const computeMs = [100, 100, 100, 100, 5000, 5000, 5000];
  assert.deepEqual(look({ 'generator-1': { computeMs } }).suspicions, []);
  assert.equal(look({ 'generator-1': { computeMs: [100, ...computeMs] } }).suspicions.length, 1);
});

test('when all slow down alike the machine is busy, and nobody is evicted', () => {
  const { suspicions, heldBack } = look({
    discriminator: pace(400, 8000, 8000, 8000),
    'generator-1': pace(100, 2500, 2500, 2500),
    'generator-2': pace(100, 1500, 1500, 1500),
  });
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /most roles compute over 8 times longer.*the machine is busy, and nobody is evicted/);
});

test('others that were delayed a third as much hold an eviction back, those that were delayed less do not', () => {
  const slow = pace(100, 2000, 2000, 2000);
  const others = (ms: number) => ({ discriminator: pace(100, ms, ms, ms), 'generator-2': pace(100, ms, ms, ms) });
  assert.deepEqual(look({ 'generator-1': slow, ...others(667) }).suspicions, []);
  assert.deepEqual(named(look({ 'generator-1': slow, ...others(666) }).suspicions), ['evict generator-1 slow']);
});

test('others that grew half as much hold an eviction back, however long their steps', () => {
  const slow = pace(100, 4000, 4000, 4000);
  const others = (ms: number) => ({ discriminator: pace(10, ms, ms, ms), 'generator-2': pace(10, ms, ms, ms) });
  assert.deepEqual(look({ 'generator-1': slow, ...others(200) }).suspicions, []);
  assert.deepEqual(named(look({ 'generator-1': slow, ...others(199) }).suspicions), ['evict generator-1 slow']);
});

test('steps of a millisecond or two, all of which a busy machine delays, evict nobody by the factor between them', () => {
  // As seen: the discriminator computes twice in a step, so the same delay came to twice the time.
  const { suspicions, heldBack } = look({
    discriminator: pace(1.4, 1401, 1402, 1403),
    'generator-1': pace(2.1, 702, 702, 702),
    'generator-2': pace(1.9, 701, 703, 702),
  });
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /the machine is busy/);
});

test('two slow ones beside two that are not are both evicted; three of four are a busy machine', () => {
  const slow = pace(100, 3000, 3000, 3000);
  const two = look({ 'generator-1': slow, 'generator-3': slow }, 1000, 3);
  assert.deepEqual(named(two.suspicions), ['evict generator-1 slow', 'evict generator-3 slow']);
  const three = look({ discriminator: slow, 'generator-1': slow, 'generator-3': slow }, 1000, 3);
  assert.deepEqual(three.suspicions, []);
  assert.match(three.heldBack ?? '', /the machine is busy/);
});

test('a role that has voted is left alone: its step is done', () => {
  assert.deepEqual(look({ 'generator-1': { ...pace(100, 3000, 3000, 3000), voted: true } }).suspicions, []);
});

test('a role that hangs in a phase of its own is evicted once the step is overdue, and only then', () => {
  const hang = (stepMs: number) =>
    look(
      {
        'generator-1': busy('forward', stepMs - 10),
        discriminator: waiting(stepMs - 150),
        'generator-2': waiting(stepMs - 50),
      },
      stepMs,
    );
  assert.deepEqual(hang(60_000), { suspicions: [] });
  const { suspicions } = hang(60_001);
  assert.deepEqual(named(suspicions), ['evict generator-1 slow']);
  assert.match(
    suspicions[0]?.reason ?? '',
    /it has been in 'forward' for 60 s, a whole step of its own usually takes 100 ms, and the step is over its deadline of 60 s/,
  );
});

test('a discriminator that hangs is found although all wait for it, also with votes in', () => {
  const stepMs = 61_000;
  const hanging = busy('judge', stepMs - 300);
  assert.deepEqual(
    named(
      look({ discriminator: hanging, 'generator-1': waiting(60_900), 'generator-2': waiting(60_900) }, stepMs)
        .suspicions,
    ),
    ['evict discriminator slow'],
  );
  const voted = { voted: true, phase: 'between-steps', phaseMs: 60_500 };
  assert.deepEqual(
    named(look({ discriminator: hanging, 'generator-1': voted, 'generator-2': voted }, stepMs).suspicions),
    ['evict discriminator slow'],
  );
});

test('all that hang since the same moment are a busy machine, however different their steps', () => {
  const { suspicions, heldBack } = look(
    {
      discriminator: { ...busy('real-half', 60_900), ...pace(600) },
      'generator-1': { ...busy('forward', 60_900), ...pace(20) },
      'generator-2': { ...busy('forward', 60_900), ...pace(20) },
    },
    61_000,
  );
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /the machine is busy/);
});

test('whoever computed most of the step before it waited counts as slow, too', () => {
  const { suspicions, heldBack } = look(
    {
      discriminator: busy('update', 20_000),
      'generator-1': waiting(21_000),
      'generator-2': waiting(25_000),
    },
    61_000,
  );
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /the machine is busy/);
});

test('a step that is overdue because its steps are long holds back, with the cure', () => {
  const long = { ...pace(30_000), ...busy('update', 55_000) };
  const { suspicions, heldBack } = look(
    { discriminator: long, 'generator-1': waiting(60_900), 'generator-2': waiting(60_900) },
    61_000,
  );
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /no role computes far longer than it used to: a longer --step-deadline fits/);
});

test('a role without a history has the deadline of a start, also in its first step', () => {
  const first = (phaseMs: number) =>
    look(
      {
        discriminator: { ...busy('real-half', phaseMs), computeMs: [] },
        'generator-1': { ...waiting(phaseMs), computeMs: [] },
        'generator-2': { ...waiting(phaseMs), computeMs: [] },
      },
      phaseMs,
    );
  const { suspicions, heldBack } = first(600_000);
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /a role computes its first steps, which may take 600 s/);
  assert.deepEqual(named(first(600_001).suspicions), ['evict discriminator slow']);
});

test('a phase that began before the step did counts from the begin of the step', () => {
  const first = { ...busy('real-half', 700_000), computeMs: [] };
  const { suspicions, heldBack } = look({ discriminator: first }, 61_000);
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /first steps/);
});

test('a phase that nobody knows is taken for computing, so a hang in it is found', () => {
  const { suspicions } = look({ 'generator-1': busy('polishing', 61_000), discriminator: waiting(60_900) }, 61_000);
  assert.deepEqual(named(suspicions).includes('evict generator-1 slow'), true);
});

test('a role that is evicted for two reasons is evicted once, for the first', () => {
  const { suspicions } = look(
    { 'generator-1': { ...busy('forward', 60_900), ...pace(100, 3000, 3000, 3000) }, discriminator: waiting(60_900) },
    61_000,
  );
  assert.deepEqual(named(suspicions), ['evict generator-1 slow']);
});

test('the median is that of statistics', () => {
  assert.deepEqual([median([3]), median([5, 1]), median([9, 1, 5]), median([4, 1, 2, 100])], [3, 3, 5, 3]);
});

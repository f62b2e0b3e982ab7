import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../coordinator/training/faults/diagnosis.js';
import type { Evidence } from '../../../coordinator/training/faults/evidence.js';
import { DEADLINES, crew, named, peer } from '../../support/runs/evidence.js';

const look = (changes: Record<string, Partial<Evidence>>, stepMs = 1000, deadlines = DEADLINES) =>
  diagnose(crew(changes), stepMs, deadlines);

const deaf = (silentMs: number): Partial<Evidence> => ({ peers: [peer('discriminator', silentMs)] });

test('two roles that do not hear each other are one suspicion, whichever end tells, and get a new epoch', () => {
  const byGenerator = { 'generator-1': deaf(10_001) };
  const byDiscriminator = { discriminator: { peers: [peer('generator-1', 10_001), peer('generator-2')] } };
  for (const changes of [byGenerator, byDiscriminator, { ...byGenerator, ...byDiscriminator }]) {
    const { suspicions } = look(changes);
    assert.deepEqual(named(suspicions), ['reconnect generator-1 partitioned discriminator']);
    assert.match(
      suspicions[0]?.reason ?? '',
      /^generator-1 and discriminator are both there, and have not heard of each other for 10 s$/,
    );
  }
  assert.deepEqual(look({ 'generator-1': deaf(10_000) }).suspicions, []);
});

test('a discriminator that none of its generators hears is the one to replace', () => {
  const { suspicions } = look({ 'generator-1': deaf(11_000), 'generator-2': deaf(12_000) });
  assert.deepEqual(named(suspicions), [
    'reconnect discriminator partitioned generator-1',
    'reconnect discriminator partitioned generator-2',
  ]);
  const one = diagnose(crew({ 'generator-1': deaf(11_000) }, 1), 1000, DEADLINES);
  assert.deepEqual(
    named(one.suspicions),
    ['reconnect generator-1 partitioned discriminator'],
    'of one link no end can be told',
  );
});

test('an exchange with a role that is starting, going back or not there has nothing to be silent about', () => {
  for (const changes of [
    { 'generator-1': deaf(60_000), discriminator: { phase: 'loading the engine', peers: [] } },
    { 'generator-1': { ...deaf(60_000), phase: 'going back' } },
  ]) {
    assert.deepEqual(look(changes, 0).suspicions, []);
  }
  const alone = crew({ 'generator-1': deaf(60_000) }).filter(({ role }) => role !== 'discriminator');
  assert.deepEqual(diagnose(alone, 0, DEADLINES).suspicions, []);
});

test('a silent role is evicted, and its exchange not opened anew before that', () => {
  const { suspicions } = look({ 'generator-1': deaf(14_000), discriminator: { silentMs: 14_000, processState: 'T' } });
  assert.deepEqual(named(suspicions), ['evict discriminator stopped']);
});

test('the exchange of a role that is evicted for another reason is not opened anew by itself', () => {
  const hanging = { ...deaf(11_000), phase: 'forward', phaseMs: 60_900 };
  const { suspicions } = look({ 'generator-1': hanging, discriminator: { phaseMs: 60_900 } }, 61_000);
  assert.deepEqual(named(suspicions), ['evict generator-1 slow']);
});

test('a deadline shorter than three pulses does not cut a link', () => {
  const short = { ...DEADLINES, heartbeatMs: 500 };
  assert.deepEqual(look({ 'generator-1': deaf(1500) }, 1000, short).suspicions, []);
  assert.deepEqual(named(look({ 'generator-1': deaf(1501) }, 1000, short).suspicions), [
    'reconnect generator-1 partitioned discriminator',
  ]);
});

const slow = (roundTripMs: number, voted = false): Partial<Evidence> => ({
  peers: [peer('discriminator', 100, roundTripMs)],
  voted,
});

test('a slow link is told of', () => {
  const { suspicions } = look({ 'generator-2': slow(2001) });
  assert.deepEqual(named(suspicions), ['tell generator-2 slow-link discriminator']);
  assert.match(suspicions[0]?.reason ?? '', /^a pulse between generator-2 and discriminator took 2 s$/);
  assert.deepEqual(look({ 'generator-2': slow(2000) }).suspicions, []);
});

test('when the step is overdue as well the generator is evicted, unless it has voted', () => {
  const { suspicions } = look({ 'generator-2': slow(3000) }, 60_001);
  assert.deepEqual(named(suspicions), ['evict generator-2 slow-link discriminator']);
  assert.match(suspicions[0]?.reason ?? '', /took 3 s, and the step is over its deadline of 60 s/);
  assert.deepEqual(named(look({ 'generator-2': slow(3000) }, 60_000).suspicions), [
    'tell generator-2 slow-link discriminator',
  ]);
  assert.deepEqual(named(look({ 'generator-2': slow(3000, true) }, 60_001).suspicions), [
    'tell generator-2 slow-link discriminator',
  ]);
});

test('when every link is slow at once nobody is evicted', () => {
  const { suspicions, heldBack } = look({ 'generator-1': slow(3000), 'generator-2': slow(5000) }, 60_001);
  assert.deepEqual(named(suspicions), [
    'tell generator-1 slow-link discriminator',
    'tell generator-2 slow-link discriminator',
  ]);
  assert.match(heldBack ?? '', /every link is slow at once/);
});

test('a cut link is not slow as well', () => {
  const { suspicions } = look({ 'generator-1': { peers: [peer('discriminator', 11_000, 9000)] } }, 60_001);
  assert.deepEqual(named(suspicions), ['reconnect generator-1 partitioned discriminator']);
});

test('an overdue step in which nobody computes has lost a message: the exchange is opened anew', () => {
  const waiting = { phaseMs: 59_000 };
  const { suspicions } = look({ discriminator: waiting, 'generator-1': waiting, 'generator-2': waiting }, 60_001);
  assert.deepEqual(named(suspicions), [
    'reconnect generator-1 stuck discriminator',
    'reconnect generator-2 stuck discriminator',
  ]);
  assert.match(
    suspicions[0]?.reason ?? '',
    /no role computes, yet its vote is missing \(in 'wait-gradients' for 59 s\)/,
  );
  assert.deepEqual(look({ discriminator: waiting }, 60_000).suspicions, []);
});

test('of a stuck step only those whose votes are missing are named, and a begin that never came lies with the coordinator', () => {
  const voted = { voted: true, phase: 'between-steps' };
  assert.deepEqual(named(look({ discriminator: voted, 'generator-1': voted }, 60_001).suspicions), [
    'reconnect generator-2 stuck discriminator',
  ]);
  const idle = { phase: 'between-steps', phaseMs: 60_001 };
  assert.deepEqual(
    named(look({ discriminator: voted, 'generator-1': voted, 'generator-2': idle }, 60_001).suspicions),
    ['reconnect generator-2 stuck coordinator'],
  );
  assert.deepEqual(
    named(look({ discriminator: idle, 'generator-1': voted, 'generator-2': voted }, 60_001).suspicions),
    ['reconnect discriminator stuck coordinator'],
  );
});

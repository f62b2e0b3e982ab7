import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../coordinator/training/faults/diagnosis.js';
import type { Evidence } from '../../../coordinator/training/faults/evidence.js';
import { DEADLINES, crew, named, peer } from '../../support/runs/evidence.js';

const look = (changes: Record<string, Partial<Evidence>>, stepMs = 1000) => diagnose(crew(changes), stepMs, DEADLINES);

test('nobody is suspected while everyone is heard of', () => {
  assert.deepEqual(diagnose(crew(), 1000, DEADLINES), { suspicions: [] });
  assert.deepEqual(diagnose([], 0, DEADLINES), { suspicions: [] });
});

test('silence counts from above the heartbeat deadline on, not at it', () => {
  const stopped = { peers: [], processState: 'S' };
  assert.deepEqual(look({ 'generator-1': { ...stopped, silentMs: 10_000 } }).suspicions, []);
  const { suspicions } = look({
    'generator-1': { ...stopped, silentMs: 10_001 },
    discriminator: { peers: [peer('generator-1', 9700), peer('generator-2')] },
  });
  assert.deepEqual(named(suspicions), ['evict generator-1 silent']);
  assert.match(suspicions[0]?.reason ?? '', /nothing was heard from it for 10 s; its process is in state S/);
});

test('a stopped process is told from one of which nothing is known', () => {
  for (const processState of ['T', 't']) {
    const { suspicions } = look({ 'generator-2': { silentMs: 11_000, processState } });
    assert.deepEqual(named(suspicions), ['evict generator-2 stopped']);
    assert.match(
      suspicions[0]?.reason ?? '',
      /its process is stopped \(state [Tt]\), nothing was heard from it for 11 s/,
    );
  }
});

test('a role that its peer hears after it fell silent here is cut off from the coordinator alone', () => {
  const { suspicions } = look({ 'generator-1': { silentMs: 10_500 }, discriminator: { silentMs: 400 } });
  assert.deepEqual(named(suspicions), ['evict generator-1 partitioned coordinator']);
  assert.match(suspicions[0]?.reason ?? '', /for 11 s, while discriminator heard from it 700 ms ago/);
  assert.deepEqual(named(look({ discriminator: { silentMs: 10_500 } }).suspicions), [
    'evict discriminator partitioned coordinator',
  ]);
});

test('what a peer heard in the second after the last heartbeat is no sign of life', () => {
  // A process that stopped: the coordinator heard it last 0.5 s before its peer did.
  for (const [silent, cause] of [
    [9700, 'silent'],
    [9200, 'silent'],
    [9100, 'silent'],
    [8900, 'partitioned coordinator'],
  ] as const) {
    const { suspicions } = look({
      'generator-1': { silentMs: 10_300 },
      discriminator: { silentMs: 200, peers: [peer('generator-1', silent), peer('generator-2')] },
    });
    assert.deepEqual(named(suspicions), [`evict generator-1 ${cause}`], String(silent));
  }
});

test('a witness whose own word is old, or tells of old things, proves nothing', () => {
  const { suspicions } = look({
    'generator-1': { silentMs: 30_000 },
    discriminator: { silentMs: 29_000, peers: [peer('generator-1', 100)] },
    'generator-2': { peers: [] },
  });
  assert.deepEqual(named(suspicions), ['evict discriminator silent', 'evict generator-1 silent']);
  const old = look({
    'generator-1': { silentMs: 30_000 },
    discriminator: { peers: [peer('generator-1', 15_000), peer('generator-2')] },
  });
  assert.deepEqual(named(old.suspicions), ['evict generator-1 silent']);
});

test('when all are silent at once the coordinator looks to itself, and says so in the same words every time', () => {
  const all = (silentMs: number) =>
    Object.fromEntries(crew().map(({ role }) => [role, { silentMs, processState: 'T' }]));
  const first = look(all(10_001));
  assert.deepEqual(first.suspicions, []);
  assert.match(first.heldBack ?? '', /^no worker was heard of for 10 s: .*nobody is evicted$/);
  assert.equal(look(all(300_000), 120_000).heldBack, first.heldBack);
});

test('a silent worker is all that is told of: those that wait for it are neither slow nor stuck', () => {
  const { suspicions, heldBack } = look(
    {
      'generator-1': { silentMs: 61_000, phase: 'forward', phaseMs: 61_000 },
      discriminator: { phaseMs: 60_900, peers: [peer('generator-1', 61_000), peer('generator-2')] },
      'generator-2': { phaseMs: 60_900 },
    },
    61_000,
  );
  assert.deepEqual(named(suspicions), ['evict generator-1 silent']);
  assert.equal(heldBack, undefined);
});

test('silence counts at a start, too, and a start that does not end has a deadline of its own', () => {
  for (const phase of ['starting', 'loading the engine', 'opening the data', 'going back']) {
    const starting = { phase, computeMs: [], peers: [] };
    const silent = look(
      {
        discriminator: { ...starting, silentMs: 10_001 },
        'generator-1': { peers: [] },
        'generator-2': { peers: [] },
      },
      0,
    );
    assert.deepEqual(named(silent.suspicions), ['evict discriminator silent'], phase);
    assert.deepEqual(look({ discriminator: { ...starting, phaseMs: 600_000 } }, 0).suspicions, []);
    const { suspicions } = look({ discriminator: { ...starting, phaseMs: 600_001 } }, 0);
    assert.deepEqual(named(suspicions), ['evict discriminator slow-start'], phase);
    assert.match(suspicions[0]?.reason ?? '', new RegExp(`it has been ${phase} for 600 s`));
  }
});

test('when every worker starts for too long the machine is busy', () => {
  const late = { phase: 'loading the engine', phaseMs: 700_000, computeMs: [], peers: [] };
  const { suspicions, heldBack } = look({ discriminator: late, 'generator-1': late, 'generator-2': late }, 0);
  assert.deepEqual(suspicions, []);
  assert.match(heldBack ?? '', /every worker has been starting for over 600 s: the machine is busy/);
});

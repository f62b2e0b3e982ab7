import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LeaseLostError, RefusedError } from '../../../common/errors.js';
import { corruptNewestCheckpoint } from '../../../coordinator/chaos/corrupt.js';
import { Injections } from '../../../coordinator/chaos/injections.js';
import { CheckpointWriter, verifyCheckpoint } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { compileOptions } from '../../../coordinator/run/config/options.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { Journal, type RunEvent } from '../../../coordinator/run/journal/journal.js';
import { randomStream } from '../../../gan/random.js';
import type { Fault__Output } from '../../../proto/generated/duet/v1/Fault.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
import { faultOf } from '../../support/runs/faults.js';
import { ROLES, readJournal } from '../../support/runs/run.js';

const STEPS = 100;

/** A run without workers: what they would be sent, and what the coordinator would do to itself, is written down. */
function setUp(scratch: Scratch, { allowChaos = true, absent = '', platform = 'linux', placement = 'local' } = {}) {
  const directory = RunDirectory.create(join(scratch.path, 'run'));
  const journal = new Journal(directory);
  const { training, settings } = compileOptions({ data: 'ring8', steps: STEPS, allowChaos, placement });
  const sent: string[] = [];
  const injections = new Injections({
    run: { directory, journal, training, settings, step: 0 },
    roles: ROLES,
    workerOf: (role) => (role === absent ? undefined : `host/${ROLES.indexOf(role)}`),
    send: (role, { fault: order }) => sent.push(`${role}: ${order?.kind} ${order?.peer}`.trim()),
    kill: () => sent.push('the coordinator dies'),
    platform,
  });
  return { directory, injections, sent };
}

async function assertRefused(made: Promise<unknown>, status: string, reason: RegExp): Promise<void> {
  await assert.rejects(made, (error: unknown) => {
    assert.ok(error instanceof RefusedError);
    assert.match(error.message, reason);
    assert.equal(error.status, status, error.message);
    return true;
  });
}

test('a run that does not allow chaos refuses every fault', async () => {
  await using scratch = scratchFolder();
  const { injections, sent } = setUp(scratch, { allowChaos: false });
  const request = injections.request(faultOf('kill', { role: 'generator-1' }));
  await assertRefused(request, 'FAILED_PRECONDITION', /allows no faults on purpose.*--allow-chaos/);
  assert.deepEqual(sent, []);
});

test('in Windows no worker of its own can be stopped, which is said with what can be asked for; others may', async () => {
  await using scratch = scratchFolder();
  await using elsewhere = scratchFolder();
  const stop = faultOf('stop', { role: 'generator-1' });
  const { injections, sent } = setUp(scratch, { platform: 'win32' });
  const refusal = /^Windows cannot stop a process and let it go on: ask for delay, partition or slow/;
  await assertRefused(injections.request(stop), 'FAILED_PRECONDITION', refusal);
  await injections.request(faultOf('kill', { role: 'generator-1' }));
  assert.deepEqual(sent, ['generator-1: kill']);
  const external = setUp(elsewhere, { platform: 'win32', placement: 'external' });
  await external.injections.request(stop);
  assert.deepEqual(external.sent, ['generator-1: stop']);
});

test('what cannot be is refused with the nearest that can', async () => {
  await using scratch = scratchFolder();
  const { injections, sent } = setUp(scratch, { absent: 'generator-2' });
  const cases: [fault: Fault__Output, status: string, reason: RegExp][] = [
    [faultOf('kil', { role: 'generator-1' }), 'INVALID_ARGUMENT', /no fault 'kil' \(did you mean 'kill'\?\)/],
    [faultOf('kill', { role: 'generator-3' }), 'INVALID_ARGUMENT', /no role 'generator-3' .*did you mean 'generator-/],
    [faultOf('kill'), 'INVALID_ARGUMENT', /no role ''.*it has discriminator, generator-1, generator-2/],
    [
      faultOf('partition', { role: 'generator-1', peer: 'generator-2' }),
      'INVALID_ARGUMENT',
      /generator-1 has no connection to 'generator-2'.*coordinator, discriminator/,
    ],
    [faultOf('delay', { role: 'discriminator', peer: 'discriminator' }), 'INVALID_ARGUMENT', /no connection to/],
    [faultOf('nan', { role: 'generator-1', atStep: STEPS + 1 }), 'INVALID_ARGUMENT', /step 101 never begins/],
    [faultOf('stop', { role: 'generator-1', milliseconds: 2 ** 31 }), 'INVALID_ARGUMENT', /too long/],
    [faultOf('kill', { role: 'generator-2' }), 'NOT_FOUND', /generator-2 has no worker at the moment/],
    [faultOf('corrupt-checkpoint'), 'NOT_FOUND', /no checkpoint to damage yet/],
  ];
  for (const [request, status, reason] of cases) await assertRefused(injections.request(request), status, reason);
  assert.deepEqual(sent, []);
});

test('a line between the discriminator and a generator is disturbed at the generator', async () => {
  await using scratch = scratchFolder();
  const { injections, sent } = setUp(scratch);
  const link = faultOf('partition', { role: 'discriminator', peer: 'generator-2', milliseconds: 5 });
  assert.deepEqual(await injections.request(link), { worker: 'host/2', step: 0 });
  await injections.request(faultOf('delay', { role: 'discriminator', peer: 'coordinator' }));
  await injections.request(faultOf('delay', { role: 'generator-1', peer: 'discriminator' }));
  assert.deepEqual(sent, [
    'generator-2: partition discriminator',
    'discriminator: delay coordinator',
    'generator-1: delay discriminator',
  ]);
});

test('a fault for a step is held until it begins, goes out before the Begin, once, and is in the journal', async () => {
  await using scratch = scratchFolder();
  const { directory, injections, sent } = setUp(scratch);
  const first = injections.request(faultOf('nan', { role: 'generator-1', atStep: 3 }));
  const second = injections.request(faultOf('kill', { role: 'discriminator', atStep: 3 }));
  for (const step of [1, 2, 3, 4, 3, 4]) {
    const begun = injections.beginning(step);
    sent.push(`begin ${step}`);
    await begun;
  }
  assert.deepEqual(sent, [
    'begin 1',
    'begin 2',
    'generator-1: nan',
    'discriminator: kill',
    ...['begin 3', 'begin 4', 'begin 3', 'begin 4'],
  ]);
  assert.deepEqual(await Promise.all([first, second]), [
    { worker: 'host/1', step: 3 },
    { worker: 'host/0', step: 3 },
  ]);
  const events = readJournal<RunEvent & { time: string }>(directory.path, 'events.jsonl');
  assert.deepEqual(
    events.map(({ time: _time, ...event }) => event),
    [
      { event: 'fault-injected', fault: 'nan', role: 'generator-1', peer: '', step: 3, worker: 'host/1' },
      { event: 'fault-injected', fault: 'kill', role: 'discriminator', peer: '', step: 3, worker: 'host/0' },
    ],
  );
  const late = injections.request(faultOf('kill', { role: 'generator-1', atStep: 4 }));
  await assertRefused(late, 'FAILED_PRECONDITION', /step 4 has begun already: the run is at step 4/);
});

test('a held fault whose asker has gone is dropped, and the end of the run refuses the others', async () => {
  await using scratch = scratchFolder();
  const { injections, sent } = setUp(scratch);
  const gone = new AbortController();
  const dropped = injections.request(faultOf('kill', { role: 'generator-1', atStep: 2 }), gone.signal);
  const held = injections.request(faultOf('kill', { role: 'generator-1', atStep: 50 }));
  gone.abort();
  await assertRefused(dropped, 'FAILED_PRECONDITION', /taken back/);
  await injections.beginning(2);
  injections[Symbol.dispose]();
  await assertRefused(held, 'FAILED_PRECONDITION', /the run ended at step 2, before step 50/);
  assert.deepEqual(sent, []);
});

test('a coordinator that is to be killed at a step answers, and dies before anything of the step leaves it', async () => {
  await using scratch = scratchFolder();
  const { injections, sent } = setUp(scratch);
  const asked = injections
    .request(faultOf('coordinator-kill', { atStep: 2 }))
    .then((injected) => sent.push(injected.worker ?? ''));
  for (const step of [1, 2]) {
    await injections.beginning(step);
    sent.push(`begin ${step}`);
  }
  await asked;
  assert.deepEqual(sent, ['begin 1', `the coordinator, process ${process.pid}`, 'the coordinator dies', 'begin 2']);
});

test('a coordinator whose run was taken over damages nothing of it', async () => {
  await using scratch = scratchFolder();
  const { directory } = setUp(scratch);
  const writer = new CheckpointWriter(directory, 10, ['discriminator']);
  const file = writer.receive('discriminator', 4);
  file.write(new Uint8Array(4));
  file.finish();
  writer.publish();
  directory.guardWith(() => {
    throw new LeaseLostError('taken over');
  });
  assert.throws(() => corruptNewestCheckpoint(directory, randomStream(1, 'any')), LeaseLostError);
  verifyCheckpoint(directory, 10, ['discriminator']);
});

test('corrupt-checkpoint flips one bit of one file of the newest checkpoint, which is then known to be damaged', async () => {
  await using scratch = scratchFolder();
  const { directory, injections } = setUp(scratch);
  for (const step of [10, 20]) {
    const writer = new CheckpointWriter(directory, step, ROLES);
    for (const role of ROLES) {
      const file = writer.receive(role, 1000);
      file.write(new Uint8Array(1000).fill(step));
      file.finish();
    }
    writer.publish();
  }
  const folder = (name: string) => directory.file('checkpoints', name);
  const content = () =>
    new Map(
      ['step-000010', 'step-000020'].flatMap((name) =>
        readdirSync(folder(name)).map((file) => [
          join('checkpoints', name, file),
          readFileSync(join(folder(name), file)),
        ]),
      ),
    );
  const hit = new Set<string>();
  for (let i = 0; i < 12; i += 1) {
    const before = content();
    const { worker = '' } = await injections.request(faultOf('corrupt-checkpoint'));
    hit.add(worker);
    assert.ok(existsSync(directory.file(worker)) && worker.includes('step-000020'), worker);
    const changed = [...content()].flatMap(([file, bytes]) => {
      const old = before.get(file) as Buffer;
      assert.equal(bytes.length, old.length, file);
      return [...bytes].flatMap((byte, at) => (byte === old[at] ? [] : [{ file, bits: byte ^ (old[at] as number) }]));
    });
    assert.equal(changed.length, 1, 'one byte');
    assert.equal(changed[0]?.file, worker);
    assert.equal(Math.log2(changed[0]?.bits ?? 0) % 1, 0, 'one bit');
    assert.throws(() => verifyCheckpoint(directory, 20, ROLES), /damaged/);
    // Undone, so that the next one is the only damage again.
    for (const [file, bytes] of before) scratch.write(join('run', file), bytes);
  }
  assert.ok(hit.size >= 3, `${hit.size} files were hit in 12 draws`);
  verifyCheckpoint(directory, 10, ROLES);
});

/** The store while its server, or the way to it, is away: nothing is lost, nothing is there twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseLostError } from '../../../../common/errors.js';
import type { RunDirectory } from '../../../../coordinator/run/directory.js';
import { Journal } from '../../../../coordinator/run/journal/journal.js';
import { cutProxy } from '../../../support/hosts/cut-proxy.js';
import { scratchFolder } from '../../../support/machine/scratch.js';
import { writeCheckpoint } from '../../../support/runs/checkpoint.js';
import { until } from '../../../support/runs/run.js';
import { natsClient } from '../../../support/stores/nats-client.js';
import { startNatsServer } from '../../../support/stores/nats-server.js';
import { QUIET, TAKE_OVER, contentOf, copyOf, lossOf, natsStore, settle } from '../../../support/stores/store.js';

/** A step, as a training leaves it. */
function step(directory: RunDirectory, number: number): void {
  directory.append('metrics.jsonl', { step: number, loss: 1 / number });
  if (number % 5 === 0) {
    writeCheckpoint(directory, number);
    new Journal(directory).event({ event: 'checkpoint-written', step: number, bytes: 1, milliseconds: 1 });
    directory.writeJson('run.json', { step: number });
  }
}

async function assertSame(url: string, scratch: string, directory: RunDirectory): Promise<void> {
  await using store = await natsStore(url);
  const copy = copyOf(scratch, directory.id, 'restored');
  await using _run = await store.open(copy, QUIET);
  assert.deepEqual(contentOf(copy), contentOf(directory));
}

test('a server that is frozen amidst writes gets all of them once it thaws, once each', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using store = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  {
    await using run = await store.open(directory, QUIET);
    directory.writeJson('config.json', {});
    for (let number = 1; number <= 20; number += 1) step(directory, number);
    server.suspend();
    for (let number = 21; number <= 60; number += 1) step(directory, number);
    const { reason } = await until('a reason', () => (run.lag.reason === '' ? undefined : run.lag));
    assert.match(reason, /^nats:\/\/127\.0\.0\.1:\d+: it does not answer/);
    assert.ok(run.lag.writes > 0);
    assert.ok(run.lag.seconds > 4);
    const given = new Error('enough');
    await assert.rejects(run.settled(AbortSignal.abort(given)), given);
    run.lease.assertHeld();
    server.resume();
    await settle(run);
    assert.deepEqual(run.lag, { writes: 0, seconds: 0, reason: '' });
  }
  await assertSame(server.url, scratch.path, directory);
});

test('a server that is killed again and again amidst writes, and comes back, has all of them once', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using store = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  {
    await using run = await store.open(directory, QUIET);
    directory.writeJson('config.json', {});
    let number = 0;
    for (let round = 0; round < 4; round += 1) {
      for (let i = 0; i < 17; i += 1) step(directory, (number += 1));
      if (round % 2 === 0) await until('some of it', () => run.lag.writes < 15);
      await server.kill();
      for (let i = 0; i < 17; i += 1) step(directory, (number += 1));
      assert.ok(run.lag.writes > 0);
      await server.start();
    }
    await settle(run);
    run.lease.assertHeld();
    assert.equal(run.lag.writes, 0);
  }
  await assertSame(server.url, scratch.path, directory);
});

test('a coordinator whose network comes back after another took over changes nothing, and stops', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using proxy = await cutProxy(server.port);
  await using near = await natsStore(server.url);
  await using far = await natsStore(`nats://127.0.0.1:${proxy.port}`);
  const [early, late] = [copyOf(scratch.path, 'run', 'early'), copyOf(scratch.path, 'run', 'late')];
  await using first = await far.open(early, QUIET);
  early.writeJson('config.json', {});
  for (let number = 1; number <= 5; number += 1) step(early, number);
  await settle(first);
  proxy.cut();
  for (let number = 6; number <= 20; number += 1) step(early, number);
  {
    await using _second = await near.open(late, TAKE_OVER);
    for (let number = 6; number <= 12; number += 1) step(late, number);
    await settle(_second);
  }
  first.lease.assertHeld();
  proxy.mend();
  const loss = await lossOf(first);
  assert.ok(loss instanceof LeaseLostError);
  assert.match(
    loss.message,
    /^another coordinator \(.*\) took this run over at .*: this one stops and writes nothing more$/,
  );
  assert.throws(() => step(early, 21), LeaseLostError);
  await assertSame(server.url, scratch.path, late);
});

test('a directory that was worked on last brings what the store lacks; one that was not gets what the store has', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using proxy = await cutProxy(server.port);
  await using near = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  {
    await using far = await natsStore(`nats://127.0.0.1:${proxy.port}`);
    await using run = await far.open(directory, QUIET);
    directory.writeJson('config.json', {});
    for (let number = 1; number <= 10; number += 1) step(directory, number);
    await settle(run);
    proxy.cut();
    for (let number = 11; number <= 20; number += 1) step(directory, number);
    new Journal(directory).rewind(15);
  }
  const ahead = contentOf(directory);
  {
    await using run = await near.open(directory, TAKE_OVER);
    assert.deepEqual(contentOf(directory), ahead);
    await settle(run);
  }
  await assertSame(server.url, scratch.path, directory);
  // Another one has driven it since.
  directory.append('metrics.jsonl', { step: 99 });
  await using run = await near.open(directory, QUIET);
  assert.deepEqual(contentOf(directory), ahead);
  await settle(run);
});

test('a newcomer waits for a silent coordinator of another host, and takes the run after ten seconds', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using store = await natsStore(server.url);
  await using client = await natsClient(server.url);
  {
    const directory = copyOf(scratch.path, 'run', 'early');
    await using run = await store.open(directory, QUIET);
    directory.writeJson('config.json', {});
    await settle(run);
  }
  // As a coordinator of another host would have written it.
  const { lease, ...others } = await client.value('run');
  const { released: _released, ...owner } = lease as Record<string, unknown>;
  let write = 100;
  const renew = () =>
    client.setValue('run', { ...others, write: (write += 1), lease: { ...owner, host: 'elsewhere' } });
  await renew();
  const said: string[] = [];
  const options = { takeOver: false, waiting: (text: string) => void said.push(text) };
  const directory = copyOf(scratch.path, 'run', 'late');
  const refused = assert.rejects(store.open(directory, options), /a coordinator \(elsewhere\/.*is at work/);
  await until('the newcomer to look', () => said.length > 0);
  await renew();
  await refused;
  assert.deepEqual(said, [
    `looking whether the coordinator elsewhere/${process.pid} still drives this run (at most 10 s)`,
  ]);
  const since = performance.now();
  await using run = await store.open(directory, options);
  assert.ok(performance.now() - since >= 10_000);
  assert.equal(run.lease.term, 2);
});

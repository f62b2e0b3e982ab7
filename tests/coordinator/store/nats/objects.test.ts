/** What is in NATS, as an operator sees it: readable events, whole checkpoints, nothing left behind. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LeaseLostError } from '../../../../common/errors.js';
import { discardCheckpoint } from '../../../../coordinator/run/checkpoints/checkpoints.js';
import { Journal } from '../../../../coordinator/run/journal/journal.js';
import { openNatsStore } from '../../../../coordinator/store/nats/nats-store.js';
import { freePort } from '../../../support/hosts/free-port.js';
import { scratchFolder } from '../../../support/machine/scratch.js';
import { writeCheckpoint } from '../../../support/runs/checkpoint.js';
import { coordinator, until } from '../../../support/runs/run.js';
import { natsClient } from '../../../support/stores/nats-client.js';
import { startNatsServer } from '../../../support/stores/nats-server.js';
import { QUIET, contentOf, copyOf, lossOf, natsStore, settle } from '../../../support/stores/store.js';

test("a plain subscription to duet.> sees readable events, and the steps' metrics by the bundle", async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using client = await natsClient(server.url);
  const heard = await client.subscribe('duet.>');
  await using store = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  await using run = await store.open(directory, QUIET);
  new Journal(directory).event({
    event: 'step-called-off',
    step: 7,
    cause: 'crashed',
    role: 'generator-1',
    reason: 'gone',
  });
  for (let step = 1; step <= 50; step += 1) directory.append('metrics.jsonl', { step });
  directory.writePicture('samples/step-000007.png', Uint8Array.of(1, 2));
  await settle(run);
  await until('the last message', () => heard.length >= 4);
  assert.deepEqual(
    heard.map(({ subject }) => subject),
    ['duet.run.coordinator', 'duet.run.events.step-called-off', 'duet.run.metrics', 'duet.run.pictures'],
  );
  const [marker, event, metrics, picture] = heard.map(({ text }) => text);
  assert.match(marker ?? '', /drives the run from here on \(term 1\)/);
  const { time, ...rest } = JSON.parse(event ?? '') as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-.*Z$/);
  assert.deepEqual(rest, {
    ...{ event: 'step-called-off', step: 7, cause: 'crashed', role: 'generator-1', reason: 'gone' },
    text: 'step 7 was called off of generator-1 (crashed): gone',
  });
  assert.equal(metrics?.trimEnd().split('\n').length, 50);
  assert.equal((JSON.parse(picture ?? '') as { file: string }).file, 'samples/step-000007.png');
});

test('a damaged object is passed over, and the checkpoint before it is there; no object is left of what is gone', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using client = await natsClient(server.url);
  await using store = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  {
    await using run = await store.open(directory, QUIET);
    directory.writeJson('config.json', {});
    for (const step of [1, 2, 3]) writeCheckpoint(directory, step);
    discardCheckpoint(directory, 1);
    await settle(run);
  }
  const chunks = () =>
    client.subjects('OBJ_duet-run').then((all) => Object.keys(all).filter((one) => one.includes('.C.')));
  // Two checkpoints of three files and a manifest.
  assert.equal((await chunks()).length, 8);
  const subjects = await chunks();
  await client.deleteMessage('OBJ_duet-run', subjects[4] ?? '');
  const copy = copyOf(scratch.path, 'run', 'copy');
  await using _run = await store.open(copy, QUIET);
  const kept = [2, 3].filter((step) => existsSync(copy.file('checkpoints', `step-00000${step}`)));
  assert.equal(kept.length, 1);
  const [step] = kept;
  const expected = Object.entries(contentOf(directory)).filter(
    ([path]) => !path.startsWith('checkpoints/') || path.startsWith(`checkpoints/step-00000${step}/`),
  );
  assert.deepEqual(contentOf(copy), Object.fromEntries(expected));
  assert.equal((await chunks()).length, 4);
});

test('a run that is deleted in NATS stops its coordinator, which brings it there again when it is started again', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using client = await natsClient(server.url);
  await using store = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  {
    await using run = await store.open(directory, QUIET);
    directory.writeJson('config.json', {});
    directory.append('metrics.jsonl', { step: 1 });
    await settle(run);
    await client.deleteStream('duet-run');
    directory.append('metrics.jsonl', { step: 2 });
    const loss = await lossOf(run);
    assert.ok(loss instanceof LeaseLostError);
    assert.match(loss.message, /deleted/);
  }
  {
    await using run = await store.open(directory, QUIET);
    await settle(run);
  }
  const copy = copyOf(scratch.path, 'run', 'copy');
  await using _run = await store.open(copy, QUIET);
  assert.deepEqual(contentOf(copy), contentOf(directory));
});

test('coordinator fetch lists the runs and brings one while it is driven; wrong inputs end with 2', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  const fetch = async (...args: string[]) => {
    await using command = coordinator(['fetch', '--store', server.url, ...args], { cwd: scratch.path });
    return await command.ended;
  };
  assert.match((await fetch()).stdout, /holds no runs/);
  await using store = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  await using run = await store.open(directory, QUIET);
  directory.writeJson('config.json', {});
  directory.writeJson('run.json', { state: 'running', step: 2 });
  for (const step of [1, 2]) {
    directory.append('metrics.jsonl', { step });
    writeCheckpoint(directory, step);
  }
  await settle(run);
  const table = (await fetch()).stdout;
  assert.match(table, /^run +state +step +newest checkpoint +coordinator +since\nrun +running +2 +2 +\S+\/\d+ +2/);
  const [listed] = JSON.parse((await fetch('--json')).stdout) as Record<string, unknown>[];
  assert.equal(listed?.['id'], 'run');
  const fetched = await fetch('--run', 'run');
  assert.deepEqual([fetched.code, fetched.stderr], [0, '']);
  assert.match(fetched.stdout, /2 checkpoints, the newest of step 2/);
  assert.deepEqual(contentOf(copyOf(scratch.path, 'run', 'runs')), contentOf(directory));
  for (const [args, words] of [
    [['--run', 'run'], /already holds a run/],
    [['--run', 'other', '--out', 'new'], /holds no run other: coordinator fetch without --run lists/],
    [['--run', '../x'], /a run in NATS cannot be called/],
    [['--out', 'new'], /name it with --run ID/],
    [['--tls-cert', 'x'], /needs --tls-cert, --tls-key and --tls-ca together: --tls-key and --tls-ca are missing/],
  ] as const) {
    const { code, stderr } = await fetch(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, words);
  }
  assert.equal(existsSync(join(scratch.path, 'new')), false);
  run.lease.assertHeld();
});

test('in a cluster of three servers all is kept three times, and goes on when one is lost', async () => {
  await using scratch = scratchFolder();
  const ports = [await freePort(), await freePort(), await freePort()];
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const member = (port: number) =>
    startNatsServer(scratch, { config: `cluster { name: c, listen: "127.0.0.1:${port}", routes: [${routes}] }` });
  const [one, two, three] = ports.map(member);
  assert.ok(one && two && three);
  await using first = await one;
  await using second = await two;
  await using _third = await three;
  // They choose a leader first.
  await using store = await openNatsStore({ url: first.url, waiting: () => {}, startMs: 60_000 });
  await using client = await natsClient(second.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  {
    await using run = await store.open(directory, QUIET);
    directory.writeJson('config.json', {});
    writeCheckpoint(directory, 1);
    await settle(run);
    for (const stream of ['duet-run', 'KV_duet', 'OBJ_duet-run']) assert.equal(await client.replicas(stream), 3);
    await first.kill();
    directory.append('metrics.jsonl', { step: 2 });
    writeCheckpoint(directory, 2);
    await settle(run);
  }
  const copy = copyOf(scratch.path, 'run', 'copy');
  // If the lost one was the leader, they choose another one first.
  await using other = await openNatsStore({ url: second.url, waiting: () => {}, startMs: 60_000 });
  {
    await using _run = await other.open(copy, QUIET);
    assert.deepEqual(contentOf(copy), contentOf(directory));
  }
});

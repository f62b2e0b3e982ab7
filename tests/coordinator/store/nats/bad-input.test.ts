/** What a NATS store refuses: one sentence each, with what is wrong and what to do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../../common/errors.js';
import type { NatsOptions } from '../../../../coordinator/store/nats/client/connection.js';
import { openNatsStore } from '../../../../coordinator/store/nats/nats-store.js';
import { freePort } from '../../../support/hosts/free-port.js';
import { scratchFolder } from '../../../support/machine/scratch.js';
import { coordinator, startRun, until } from '../../../support/runs/run.js';
import { startNatsServer } from '../../../support/stores/nats-server.js';
import { QUIET, copyOf, natsStore, settle } from '../../../support/stores/store.js';

/** Refuses with a sentence that has all of these. */
async function assertRefused(options: Partial<NatsOptions> & { url: string }, ...words: RegExp[]): Promise<string> {
  let message = '';
  await assert.rejects(
    async () => {
      await using _store = await openNatsStore({ waiting: () => {}, startMs: 1500, ...options });
    },
    (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      message = error.message;
      for (const word of words) assert.match(message, word);
      assert.doesNotMatch(message, /\n/);
      return true;
    },
  );
  return message;
}

test('a URL that is none, or holds a password, is refused without repeating the password', async () => {
  for (const url of ['http://127.0.0.1:4222', 'nats://', 'somewhere', 'nats://a:4222/b', 'nats://a:4222?b=c']) {
    await assertRefused({ url }, /is not possible: choose file, nats:\/\/HOST:PORT or tls:\/\/HOST:PORT/);
  }
  for (const url of ['nats://ann:secret@127.0.0.1:4222', 'nats://secret@127.0.0.1:4222']) {
    assert.doesNotMatch(await assertRefused({ url }, /--store-credentials FILE/), /secret/);
  }
});

test('a run goes to another host under TLS only, or where its user says that the network is to be trusted', async () => {
  for (const url of ['nats://nats.example:4222', 'nats://10.1.2.3', 'nats://[fd00::1]:4222'])
    await assertRefused(
      { url },
      /--store \S+ would send the run over the network without encryption: give --tls-cert, .* or tls:\/\/\S+, or add --insecure/,
    );
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const started = await startRun(out, '--store', 'nats://nats.example', '--data', 'ring8', '--steps', '3');
  assert.equal(started.code, 2);
  assert.match(
    started.stderr,
    /^error: --store nats:\/\/nats\.example would send the run over the network without encryption/,
  );
  assert.equal(existsSync(out), false);
  for (const [store, reason] of [
    [
      'nats://nats.example',
      /^error: --store nats:\/\/nats\.example would send the run over the network without encryption/,
    ],
    ['file', /^error: a run of the file store is in its directory already/],
  ] as const) {
    await using fetched = coordinator(['fetch', '--store', store]);
    const { code, stderr } = await fetched.ended;
    assert.equal(code, 2);
    assert.match(stderr, reason);
  }
});

test('a server that is not there, and a name that does not resolve, are waited for, then refused', async () => {
  const said: string[] = [];
  const waiting = (text: string) => void said.push(text);
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  await assertRefused({ url, waiting }, new RegExp(`--store ${url} cannot be used: it does not answer .*ECONNREFUSED`));
  assert.equal(said.length, 1);
  assert.match(
    said[0] ?? '',
    /^waiting for the store nats:\/\/127\.0\.0\.1:\d+ \(at most 1\.5 s\): it does not answer/,
  );
  await assertRefused(
    { url: 'nats://no-such-host.invalid', insecure: true },
    /its name does not resolve: look at the host of --store/,
  );
});

test('a server that comes a little later is waited for', async () => {
  await using scratch = scratchFolder();
  const port = await freePort();
  let told = 0;
  const opened = openNatsStore({ url: `nats://127.0.0.1:${port}`, waiting: () => (told += 1), startMs: 30_000 });
  await until('the wait', () => told > 0);
  await using _server = await startNatsServer(scratch, { port });
  await using store = await opened;
  assert.equal(await store.has('run'), false);
});

test('a server that accepts and says nothing is refused', async () => {
  // The client leaves such a connection open: this end ends it.
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assertRefused({ url: `nats://127.0.0.1:${port}` }, /it does not answer/);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a server of before 2.10 is refused with its version', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const info = {
      server_id: 'x',
      version: '2.9.25',
      go: 'go',
      host: '127.0.0.1',
      port: 0,
      headers: true,
      max_payload: 1048576,
      proto: 1,
      client_id: 1,
      jetstream: true,
    };
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on('data', (data) => {
      if (data.toString().includes('PING')) socket.write('PONG\r\n');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assertRefused(
    { url: `nats://127.0.0.1:${port}` },
    /it runs nats-server 2\.9\.25, and at least 2\.10 is needed: upgrade it/,
  );
  server.close();
});

test('a server without JetStream, and an account without it, are refused', async () => {
  await using scratch = scratchFolder();
  await using off = await startNatsServer(scratch, { jetstream: '', name: 'off' });
  await assertRefused({ url: off.url }, /JetStream is off there: start nats-server with --jetstream/);
  const config = 'accounts { A { users: [{ user: ann, password: secret }] } }';
  await using other = await startNatsServer(scratch, { config, name: 'other' });
  await assertRefused(
    { url: other.url, credentials: scratch.write('ann', 'ann:secret\n') },
    /JetStream is off there: .*enable it for this account/,
  );
});

test('credentials that are wrong, missing or none are refused without repeating them; right ones are taken, and renewed', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch, { config: 'authorization { user: ann, password: secret }' });
  const { url } = server;
  const refused = /it refuses the credentials: .*--store-credentials FILE/;
  await assertRefused({ url }, refused);
  const wrong = await assertRefused({ url, credentials: scratch.write('wrong', 'ann:hunter2') }, refused);
  assert.doesNotMatch(wrong, /hunter2/);
  await assertRefused({ url, credentials: scratch.write('token', 'hunter2') }, refused);
  await assertRefused({ url, credentials: join(scratch.path, 'none') }, /--store-credentials .*none cannot be read/);
  await assertRefused(
    { url, credentials: scratch.write('empty', ' \n') },
    /empty holds no credentials: it takes a \.creds/,
  );
  await using store = await openNatsStore({
    url,
    credentials: scratch.write('right', 'ann:secret\n'),
    waiting: () => {},
  });
  assert.equal(await store.has('run'), false);
  assert.equal(store.name, url);
});

test('a user without the permissions is told which', async () => {
  await using scratch = scratchFolder();
  const permissions = '{ publish: { allow: ["$JS.API.INFO"] }, subscribe: "_INBOX.>" }';
  const config = `authorization { users: [{ user: ann, password: secret, permissions: ${permissions} }] }`;
  await using server = await startNatsServer(scratch, { config });
  await assertRefused(
    { url: server.url, credentials: scratch.write('ann', 'ann:secret') },
    /this user may not publish \$JS\.API\.\S+: give it the permissions of docs\/store\.md/,
  );
});

test('the permissions of docs/store.md are enough', async () => {
  await using scratch = scratchFolder();
  const publish = ['$JS.API.>', '$KV.duet.>', '$O.>', 'duet.>'];
  const permissions = `{ publish: { allow: ${JSON.stringify(publish)} }, subscribe: { allow: ["_INBOX.>"] } }`;
  const config = `authorization { users: [{ user: ann, password: secret, permissions: ${permissions} }] }`;
  await using server = await startNatsServer(scratch, { config });
  await using store = await openNatsStore({
    url: server.url,
    credentials: scratch.write('ann', 'ann:secret'),
    waiting: () => {},
  });
  const directory = copyOf(scratch.path, 'run', 'work');
  await using run = await store.open(directory, QUIET);
  directory.writeJson('config.json', {});
  directory.append('metrics.jsonl', { step: 1 });
  directory.writePicture('samples/step-000001.png', Uint8Array.of(1));
  await settle(run);
});

test('a store without room is refused at the start, and waited for in a run', async () => {
  await using scratch = scratchFolder();
  const tiny = `jetstream { store_dir: ${JSON.stringify(join(scratch.path, 'tiny'))}, max_file_store: 20000 }`;
  await using server = await startNatsServer(scratch, { jetstream: tiny, name: 'tiny' });
  await using store = await natsStore(server.url);
  const directory = copyOf(scratch.path, 'run', 'work');
  await using run = await store.open(directory, QUIET);
  directory.writeJson('config.json', {});
  for (const step of ['1', '2', '3']) directory.writePicture(`samples/step-00000${step}.png`, new Uint8Array(100_000));
  const { reason } = await until('a reason', () => (run.lag.reason === '' ? undefined : run.lag));
  assert.match(reason, /it has no room \(.*\): delete runs, or raise its limits of storage/);
  run.lease.assertHeld();
  const config = 'accounts { A { jetstream: { max_streams: 1 }, users: [{ user: ann, password: secret }] } }';
  await using small = await startNatsServer(scratch, { config, name: 'small' });
  const credentials = scratch.write('ann', 'ann:secret');
  await using another = await openNatsStore({ url: small.url, credentials, waiting: () => {} });
  await assert.rejects(another.open(copyOf(scratch.path, 'second', 'work'), QUIET), (error: unknown) => {
    assert.ok(error instanceof UsageError);
    assert.match(
      error.message,
      /cannot be used: it has no room \(maximum number of streams reached\): delete runs, or raise/,
    );
    return true;
  });
});

test('a run that cannot be called so in NATS is refused', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using store = await natsStore(server.url);
  for (const id of ['a.b', 'a b', 'ä', 'x'.repeat(65)]) {
    const directory = copyOf(scratch.path, id, 'work');
    await assert.rejects(
      store.open(directory, QUIET),
      /a run in NATS cannot be called .*choose an --out whose last name/,
    );
  }
});

test('a directory with another run of the same name is refused', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  await using store = await natsStore(server.url);
  const [one, other] = [copyOf(scratch.path, 'run', 'one'), copyOf(scratch.path, 'run', 'other')];
  {
    await using run = await store.open(one, QUIET);
    one.writeJson('config.json', { seed: 1 });
    await settle(run);
  }
  other.writeJson('config.json', { seed: 2 });
  await assert.rejects(
    store.open(other, QUIET),
    /holds another run run than .*choose another --out, or empty that directory/,
  );
  // The refused one has not kept the lease.
  await using _run = await store.open(one, QUIET);
});

test('coordinator start --store says the same, with exit code 2, and leaves nothing', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using start = coordinator(['start', '--store', 'nats://ann:secret@127.0.0.1', '--out', out]);
  const { code, stderr } = await start.ended;
  assert.equal(code, 2);
  assert.match(stderr, /--store-credentials FILE/);
});

/** Mutual TLS between two ends of this repository's gRPC, and against whoever else comes: real sockets. */
import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { portOf } from '../../common/hosts.js';
import {
  type Link,
  type ServerDuplexStream,
  callMetadata,
  coordinationClient,
  listen,
  rpcError,
} from '../../common/rpc.js';
import { Trust } from '../../common/trust/trust.js';
import type { CoordinatorMessage } from '../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { WorkerMessage__Output } from '../../proto/generated/duet/v1/WorkerMessage.js';
import { Relay } from '../../worker/faults/relay.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { until } from '../support/runs/run.js';
import { type CertificateWishes, makeAuthority, secretFolder } from '../support/wire/certificates.js';

const LOOK_MS = 20;
const scratch = scratchFolder();
const [ours, foreign] = await Promise.all([makeAuthority('Ours'), makeAuthority('Foreign')]);

let made = 0;
async function identity(wishes: CertificateWishes = {}, authority = ours, trusted = ours.pem) {
  made += 1;
  const files = secretFolder(join(scratch.path, String(made)), await authority.issue('duet', wishes), trusted);
  return { files, trust: Trust.open(files, { names: [], uses: [] }).watch(() => {}, LOOK_MS) };
}

type Control = ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>;

async function serve(trust?: Trust) {
  const handlers = {
    // Says each epoch back.
    Control(call: Control) {
      call.on('data', ({ heartbeat }: WorkerMessage__Output) =>
        call.write({ stop: { reason: String(heartbeat?.epoch) } }),
      );
      call.on('end', () => call.end());
      call.on('error', () => {});
    },
    SaveState() {},
    LoadState() {},
    Chaos() {},
  };
  const refusals: string[] = [];
  const refused = (peer: string, reason: string) => refusals.push(`${peer} ${reason}`);
  const server = await listen({ service: 'Coordination', handlers, host: '127.0.0.1', port: 0, trust, refused });
  return { ...server, port: portOf(server.address), refusals };
}

type Served = Awaited<ReturnType<typeof serve>>;

/** A connection that says numbers and hears them back. */
function dial(address: string, link: Link) {
  const client = coordinationClient(address, link);
  const stream = client.control(callMetadata('token'));
  const heard: string[] = [];
  let failure: string | undefined;
  stream.on('data', ({ stop }: { stop?: { reason: string } }) => heard.push(stop?.reason ?? ''));
  stream.on('error', (error) => (failure = rpcError(error, 'the coordinator', client).message));
  return {
    async echo(epoch: number): Promise<void> {
      stream.write({ heartbeat: { epoch } });
      await until('the echo', () => {
        assert.equal(failure, undefined);
        return heard.includes(String(epoch));
      });
    },
    fails: () => until('a failure', () => failure),
    [Symbol.dispose]() {
      stream.cancel();
      client.close();
    },
  };
}

async function failureOf(address: string, link: Link): Promise<string> {
  using connection = dial(address, link);
  return await connection.fails();
}

/**
 * What a server says of a client that it refuses.
 *
 * @param action given a server that nobody else knows: a client of gRPC that was refused may come once more, later
 */
async function refusalOf(action: (only: Served) => unknown): Promise<string> {
  await using only = await serve(server.trust);
  return await refusalBy(only, () => action(only));
}

async function refusalBy({ refusals }: Served, action: () => unknown): Promise<string> {
  const count = refusals.length;
  await action();
  return await until('the refusal', () => refusals[count]);
}

const server = await identity();
const client = await identity();
const open = await serve(server.trust);
const plain = await serve();
after(async () => {
  for (const each of [open, plain]) await each[Symbol.asyncDispose]();
  for (const each of [server, client]) each.trust[Symbol.dispose]();
  await scratch[Symbol.asyncDispose]();
});

test('both ends with certificates of one authority understand each other', async () => {
  using connection = dial(open.address, { trust: client.trust });
  await connection.echo(1);
  await connection.echo(2);
});

test('a client without TLS is told that the server wants it, and the server says who came', async () => {
  const refusal = await refusalOf(async ({ address }) => {
    assert.match(await failureOf(address, {}), /failed: .*it may want TLS \(was it started with --tls-cert\?\)/);
  });
  assert.match(refusal, /^127\.0\.0\.1 what it sends is not TLS/);
});

test('a client with TLS is told that the server speaks none', async () => {
  assert.match(
    await failureOf(plain.address, { trust: client.trust }),
    /failed: it speaks no TLS: start it with --tls-cert/,
  );
});

test('a client of another authority is refused, and both say so', async () => {
  const { trust } = await identity({}, foreign, foreign.pem + ours.pem);
  const refusal = await refusalOf(async ({ address }) => {
    assert.match(await failureOf(address, { trust }), /it takes this process's certificate not/);
  });
  assert.match(refusal, /^127\.0\.0\.1 its certificate is not of an authority in --tls-ca/);
});

test('a client whose certificate is for servers only, or has expired, is refused, and both say so', async () => {
  const wrong = await identity({ uses: ['server'] });
  assert.match(
    await refusalOf(({ address }) => failureOf(address, { trust: wrong.trust })),
    /may not be used as a TLS client/,
  );
  const over = await identity({ until: new Date(Date.now() + 1200) });
  await until('its end', () => over.trust.untimely);
  const refusal = await refusalOf(async ({ address }) => {
    assert.match(await failureOf(address, { trust: over.trust }), /the certificate of --tls-cert .* expired on/);
  });
  assert.match(refusal, /its certificate, or its authority's, has expired/);
});

test('a client without a certificate is refused before it is heard', async () => {
  const refusal = await refusalOf(async ({ port }) => {
    const socket = connect({ port, host: '127.0.0.1', ca: ours.pem, ALPNProtocols: ['h2'] });
    const error = await new Promise<Error>((resolve) => socket.on('error', resolve));
    assert.match(error.message, /certificate required/);
  });
  assert.match(refusal, /it shows no certificate/);
});

test('a server of another authority, with another name, or that has expired is refused, and it is said which', async () => {
  const { trust } = client;
  await using other = await serve((await identity({}, foreign, foreign.pem + ours.pem)).trust);
  assert.match(await failureOf(other.address, { trust }), /its certificate is not of an authority in --tls-ca/);
  await using named = await serve((await identity({ names: ['elsewhere'] })).trust);
  assert.match(
    await failureOf(named.address, { trust }),
    /its certificate is not for 127\.0\.0\.1 but for DNS:elsewhere/,
  );
  const over = await identity({ until: new Date(Date.now() + 1200) });
  await using late = await serve(over.trust);
  await until('its end', () => over.trust.untimely);
  assert.match(
    await failureOf(late.address, { trust }),
    /its certificate, or its authority's, has expired \(valid until 20.*Z\)/,
  );
});

test('behind a relay it is the name of the peer that counts, not that of the relay', async () => {
  const { trust } = client;
  await using named = await serve((await identity({ names: ['elsewhere'] })).trust);
  using connection = dial(named.address, { trust, peer: 'elsewhere:50052' });
  await connection.echo(1);
  assert.match(
    await failureOf(open.address, { trust, peer: 'another:1' }),
    /its certificate is not for another but for/,
  );
});

test('below TLS 1.3 nothing is spoken, other protocols are not, and no session is resumed', async () => {
  const { context } = client.trust;
  await using only = await serve(server.trust);
  const { port } = only;
  const tls = (options: object) => connect({ port, host: '127.0.0.1', ca: ours.pem, ...options }).on('error', () => {});
  assert.match(await refusalBy(only, () => tls({ maxVersion: 'TLSv1.2' })), /does not speak TLS 1\.3/);
  assert.match(
    await refusalBy(only, () => tls({ secureContext: context, ALPNProtocols: ['http/1.1'] })),
    /no application protocol/,
  );
  const first = tls({ secureContext: context, ALPNProtocols: ['h2'] });
  const session = await new Promise<Buffer>((resolve) => first.once('session', resolve));
  first.destroy();
  const refusal = await refusalBy(only, () => tls({ secureContext: context, ALPNProtocols: ['h2'], session }));
  assert.match(refusal, /wants to resume a TLS session/);
});

test('a connection that is silent for good is noticed at the dialling end within half a minute, as without TLS', async () => {
  await using relay = await Relay.open();
  relay.aim(open.address);
  using connection = dial(relay.address, { trust: client.trust, peer: open.address });
  await connection.echo(1);
  relay.partition(0);
  const since = performance.now();
  assert.match(await connection.fails(), /failed: /);
  assert.ok(performance.now() - since < 30_000);
});

test('garbage on the port harms nobody who is connected', async () => {
  using connection = dial(open.address, { trust: client.trust });
  await connection.echo(1);
  const hello = Buffer.from([0x16, 0x03, 0x01, 0x40, 0x00, 0x01]);
  for (let round = 0; round < 60; round += 1) {
    const bytes = Buffer.alloc(1 + ((round * 97) % 4096), (round * 31) % 256);
    const socket = createConnection(open.port, '127.0.0.1').on('error', () => {});
    socket.write(round % 3 === 0 ? Buffer.concat([hello, bytes]) : bytes);
    if (round % 2 === 0) socket.end();
    else setTimeout(() => socket.destroy(), 50);
    if (round % 10 === 0) await connection.echo(round + 2);
  }
  await connection.echo(1000);
  using another = dial(open.address, { trust: client.trust });
  await another.echo(1);
});

test('new files are used for new connections at both ends, and those that are there go on', async () => {
  const [near, far] = [await identity(), await identity()];
  await using renewed = await serve(far.trust);
  using before = dial(renewed.address, { trust: near.trust });
  await before.echo(1);
  const both = ours.pem + foreign.pem;
  // As trust-manager and cert-manager do it: first everybody trusts both, then certificates change, then only the new is trusted.
  const change = async (each: typeof near, authority: typeof ours, trusted: string) => {
    const taken = new Promise<void>((resolve) => each.trust.onRenewed(resolve));
    each.files.swap(await authority.issue('duet'), trusted);
    await taken;
  };
  for (const [authority, trusted] of [
    [ours, both],
    [foreign, both],
    [foreign, foreign.pem],
  ] as const) {
    for (const each of [far, near]) {
      await change(each, authority, trusted);
      using connection = dial(renewed.address, { trust: near.trust });
      await connection.echo(1);
    }
  }
  await before.echo(2);
  // One that was trusted before is refused now.
  const { trust } = await identity({}, ours, both);
  const refusal = await refusalBy(renewed, () => failureOf(renewed.address, { trust }));
  assert.match(refusal, /its certificate is not of an authority in --tls-ca/);
  await before.echo(3);
});

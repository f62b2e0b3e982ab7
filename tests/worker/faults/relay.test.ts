import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createConnection, createServer } from 'node:net';
import { test } from 'node:test';
import { RefusedError, messageOf } from '../../../common/errors.js';
import {
  type ServerDuplexStream,
  callMetadata,
  exchangeClient,
  isUnreachable,
  listen,
  refuse,
} from '../../../common/rpc.js';
import { HELD_BYTES } from '../../../worker/faults/line.js';
import { Relay, parseAddress } from '../../../worker/faults/relay.js';
import { freePort } from '../../support/hosts/free-port.js';
import { until } from '../../support/runs/run.js';

/** What an end of a connection has seen so far. */
interface End {
  socket: Socket;
  received: Buffer[];
  ended: boolean;
  closed: boolean;
  text(): string;
}

function watched(socket: Socket): End {
  const end: End = {
    socket,
    received: [],
    ended: false,
    closed: false,
    text: () => Buffer.concat(end.received).toString(),
  };
  socket.on('data', (chunk: Buffer) => end.received.push(chunk));
  socket.on('end', () => (end.ended = true));
  socket.on('close', () => (end.closed = true));
  socket.on('error', () => {});
  return end;
}

/** A server that keeps what its connections say, and a relay in front of it. */
async function setUp() {
  const served: End[] = [];
  let over = false;
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    served.push(watched(socket));
    // One that was on its way when the test ended.
    if (over) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const relay = await Relay.open();
  relay.aim(target);
  const clients: End[] = [];
  return {
    relay,
    served,
    async connect(): Promise<End> {
      const client = watched(createConnection({ ...parseAddress(relay.address), allowHalfOpen: true }));
      clients.push(client);
      await once(client.socket, 'connect');
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of [...clients, ...served]) socket.destroy();
      over = true;
      await relay[Symbol.asyncDispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Both ends of a connection through the relay. */
async function pair(net: Awaited<ReturnType<typeof setUp>>): Promise<[client: End, server: End]> {
  const before = net.served.length;
  const client = await net.connect();
  const served = await until('the connection', () => net.served[before]);
  return [client, served];
}

test('100 MB come through whole in both directions, and an end of one direction leaves the other open', async () => {
  await using net = await setUp();
  const [client, served] = await pair(net);
  const sent = randomBytes(100 << 20);
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  client.socket.end(sent);
  await until('the end', () => served.ended);
  assert.equal(hash(Buffer.concat(served.received)), hash(sent));
  assert.equal(client.ended, false);
  served.socket.end(sent);
  await until('the end of the way back', () => client.ended);
  assert.equal(hash(Buffer.concat(client.received)), hash(sent));
  await until('both closed', () => client.closed && served.closed);
  assert.equal(net.relay.heldBytes, 0);
});

test('a delay holds every chunk at least so long, in both directions and in order', async () => {
  await using net = await setUp();
  const [client, served] = await pair(net);
  client.socket.write('ping ');
  await until('undelayed', () => served.text() === 'ping ');
  net.relay.delay(300, 0);
  const since = performance.now();
  for (const word of ['a ', 'b ', 'c ']) client.socket.write(word);
  await until('delayed', () => served.text() === 'ping a b c ');
  served.socket.write('pong');
  await until('the answer', () => client.text() === 'pong');
  assert.ok(performance.now() - since >= 600, `there and back in ${performance.now() - since} ms`);
  client.socket.write('d ');
  await until('it is held', () => net.relay.heldBytes > 0);
  net.relay.delay(0, 0);
  client.socket.write('e ');
  await until('in order', () => served.text() === 'ping a b c d e ');
});

test('a delay ends by itself: what comes after it does not wait', async () => {
  await using net = await setUp();
  const [client, served] = await pair(net);
  const [HOURS, SHORT] = [3600_000, 200];
  const since = performance.now();
  net.relay.delay(HOURS, SHORT);
  await until('its time is over', () => performance.now() - since > SHORT + 50);
  client.socket.write('at once');
  await until('it is there', () => served.text() === 'at once');
});

test('a partition lets nothing pass, no end and no reset either, and what was sent is delivered when it heals', async () => {
  await using net = await setUp();
  const [talking, served] = await pair(net);
  const [ending, endServed] = await pair(net);
  const [dying, deadServed] = await pair(net);
  net.relay.partition(0);
  talking.socket.write('meanwhile');
  served.socket.write('likewise');
  ending.socket.end('last words');
  dying.socket.resetAndDestroy();
  // What does not come can only be waited for: until something sent later, on another way, has come.
  await until('it is held', () => net.relay.heldBytes >= 'meanwhile'.length + 'likewise'.length + 'last words'.length);
  await until('the reset was seen', () => dying.closed);
  assert.deepEqual([served.text(), talking.text(), endServed.text()], ['', '', '']);
  assert.deepEqual([endServed.ended, deadServed.closed], [false, false]);
  net.relay.heal();
  await until('delivered', () => served.text() === 'meanwhile' && talking.text() === 'likewise');
  await until('the end', () => endServed.ended && endServed.text() === 'last words');
  await until('the reset', () => deadServed.closed);
  talking.socket.write(', and after');
  await until('the same connection goes on', () => served.text() === 'meanwhile, and after');
});

test('a partition heals by itself; a connection made meanwhile hangs, and then leads there', async () => {
  await using net = await setUp();
  net.relay.partition(500);
  const since = performance.now();
  const client = await net.connect();
  client.socket.write('hello');
  const given = await net.connect();
  given.socket.destroy();
  const served = await until('the connection', () => net.served[0]);
  assert.ok(performance.now() - since >= 499);
  await until('its bytes', () => served.text() === 'hello');
  assert.equal(net.served.length, 1, 'the one that gave up never came');
});

test('behind a partition the relay holds no more than its bound, however much is sent', async () => {
  await using net = await setUp();
  const [client, served] = await pair(net);
  net.relay.partition(0);
  const sent = randomBytes(64 << 20);
  client.socket.end(sent);
  await until('it is full', () => net.relay.heldBytes > HELD_BYTES);
  const more = createConnection(parseAddress(net.relay.address));
  await once(more, 'connect');
  more.destroy();
  assert.ok(net.relay.heldBytes < HELD_BYTES + (1 << 20), `${net.relay.heldBytes} bytes are held`);
  assert.ok(client.socket.writableLength > 32 << 20, 'the sender is stopped by TCP');
  net.relay.heal();
  await until('all of it', () => served.ended);
  assert.ok(Buffer.concat(served.received).equals(sent));
});

test('a peer that is not there ends the connection; one that is named later takes those that waited', async () => {
  await using net = await setUp();
  await using relay = await Relay.open();
  const client = watched(createConnection(parseAddress(relay.address)));
  await once(client.socket, 'connect');
  client.socket.write('early');
  relay.aim(net.relay.address);
  const served = await until('the connection', () => net.served[0]);
  await until('its bytes', () => served.text() === 'early');
  client.socket.destroy();

  relay.aim(`127.0.0.1:${await freePort()}`);
  const refused = watched(createConnection(parseAddress(relay.address)));
  await until('the end', () => refused.closed);
  assert.throws(() => relay.aim('nowhere'), /'nowhere' is not an address HOST:PORT/);
});

test('both ends of many connections may die at any time, also with much on its way', async () => {
  await using net = await setUp();
  const block = randomBytes(1 << 20);
  for (let i = 0; i < 40; i += 1) {
    const [client, served] = await pair(net);
    for (const { socket } of [client, served]) socket.write(block);
    if (i % 4 === 0) net.relay.delay(5, 20);
    if (i % 5 === 0) net.relay.partition(20);
    const first = i % 2 === 0 ? client : served;
    if (i % 3 === 0) first.socket.destroy();
    else first.socket.resetAndDestroy();
    const second = first === client ? served : client;
    second.socket.write(block);
    await until('the other end hears of it', () => second.closed || second.ended);
    second.socket.destroy();
  }
  await until('nothing is left', () => net.relay.heldBytes === 0);
});

test('gRPC takes a peer that is not there for unreachable through a relay, too, and reaches it once it is', async () => {
  await using relay = await Relay.open();
  relay.aim(`127.0.0.1:${await freePort()}`);
  const failure = async () => {
    const client = exchangeClient(relay.address);
    const stream = client.exchange(callMetadata('token'));
    const error: unknown = await new Promise((resolve) => stream.on('error', resolve).on('data', () => {}));
    client.close();
    return error;
  };
  assert.ok(isUnreachable(await failure()));
  const Exchange = (call: ServerDuplexStream<unknown, unknown>) =>
    refuse(call, new RefusedError('NOT_FOUND', 'it was reached'));
  await using server = await listen({ service: 'Exchange', handlers: { Exchange }, host: '127.0.0.1', port: 0 });
  relay.aim(server.address);
  assert.match(messageOf(await failure()), /it was reached/);
});

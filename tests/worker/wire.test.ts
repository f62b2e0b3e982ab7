import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { TensorFrame } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { ToCompute } from '../../worker/messages.js';
import { ExchangeServer } from '../../worker/network/exchange-server.js';
import { until } from '../support/runs/run.js';
import { type Refusal, sayOnSocket } from '../support/wire/abuse.js';
import { type Claims, behavingGenerator, openStream, refused } from '../support/wire/exchange-peer.js';
import { message, rawCall } from '../support/wire/raw-grpc.js';

const TOKEN = 'the-token-of-this-run';
const EPOCH = 3;
/** Two batches of fakes go in, the gradient for the second comes back: as with two discriminator updates a step. */
const SHAPE = [4, 2];
const GRADIENT_SHAPE = [2, 2];
const BYTES = 32;
const MIB = 1 << 20;
const FAKES = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const HONEST: Claims = { token: TOKEN, epoch: String(EPOCH), generator: '1' };
/** gRPC's status codes. */
const CODES = { invalid: 3, exists: 6, exhausted: 8, precondition: 9, internal: 13, unauthenticated: 16 };

const received: Extract<ToCompute, { kind: 'fakes' }>[] = [];
let step = 8;
const server = await ExchangeServer.open({
  host: '127.0.0.1',
  token: TOKEN,
  epoch: EPOCH,
  step,
  generators: 2,
  shape: SHAPE,
  gradientShape: GRADIENT_SHAPE,
  dtype: 'float32',
  exchanged: () => {},
  received: (fakes) => received.push(fakes),
});
const generator = behavingGenerator({
  server,
  received,
  token: TOKEN,
  epoch: EPOCH,
  shape: SHAPE,
  gradientShape: GRADIENT_SHAPE,
});
after(async () => {
  generator.close();
  await server[Symbol.asyncDispose]();
});

const header = (change: object = {}): TensorFrame => ({
  header: { epoch: EPOCH, step, shape: SHAPE, dtype: 'float32', ...change },
});
const data = (bytes: number): TensorFrame => ({ data: Buffer.alloc(bytes) });

/** The generator that behaves exchanges the step in progress, and the next one begins. */
async function goesOn(): Promise<void> {
  await generator.exchange(step, FAKES.slice());
  step += 1;
  server.expect(EPOCH, step);
}

/** Nothing of generator 1 reaches the compute thread, and the run goes on. */
async function isRefused(refusal: Promise<Refusal>, code: number, reason: RegExp): Promise<void> {
  const { code: found, details } = await refusal;
  assert.equal(found, code, details);
  assert.match(details, reason);
  await goesOn();
  assert.ok(
    received.every(({ generator }) => generator === 2),
    'nothing of it reached the compute thread',
  );
}

const send = (claims: Claims, ...frames: TensorFrame[]) => refused(server.address, claims, frames);
const claiming = (change: Claims) => send({ ...HONEST, ...change });
const sending = (...frames: TensorFrame[]) => send(HONEST, ...frames);
const raw = (body: Uint8Array, headers: Record<string, string> = {}) =>
  rawCall(
    server.address,
    '/duet.v1.Exchange/Exchange',
    { authorization: `Bearer ${TOKEN}`, 'duet-epoch': String(EPOCH), 'duet-generator': '1', ...headers },
    body,
  );

const NO_SUCH = /there is no generator .*: this run has 1 to 2/;
const abuses: [name: string, refusal: () => Promise<Refusal>, code: number, reason: RegExp][] = [
  ['a wrong token', () => claiming({ token: 'guessed' }), CODES.unauthenticated, /wrong or missing join token/],
  ['a token that is a part of it', () => claiming({ token: TOKEN.slice(0, -1) }), CODES.unauthenticated, /join token/],
  ['no token', () => claiming({ token: undefined }), CODES.unauthenticated, /wrong or missing join token/],
  ['an old epoch', () => claiming({ epoch: '2' }), CODES.precondition, /epoch 2 is not the run's.* epoch 3/],
  ['no epoch', () => claiming({ epoch: undefined }), CODES.precondition, /is not the run's/],
  ['generator 3 of 2', () => claiming({ generator: '3' }), CODES.invalid, NO_SUCH],
  ['generator 0', () => claiming({ generator: '0' }), CODES.invalid, NO_SUCH],
  ['generator 1.5', () => claiming({ generator: '1.5' }), CODES.invalid, NO_SUCH],
  ['a generator that is no number', () => claiming({ generator: 'all' }), CODES.invalid, NO_SUCH],
  ['no generator', () => claiming({ generator: undefined }), CODES.invalid, NO_SUCH],
  ['a header of an old epoch', () => sending(header({ epoch: 1 })), CODES.precondition, /epoch 1 is not the run's/],
  ['a header of a step that is over', () => sending(header({ step: step - 1 })), CODES.precondition, /is not due/],
  ['a header of a step far ahead', () => sending(header({ step: step + 2 })), CODES.precondition, /is not due/],
  ['another shape', () => sending(header({ shape: [4, 3] })), CODES.invalid, /\[4, 3\].*expected \[4, 2\]/],
  ['one batch where two are due', () => sending(header({ shape: GRADIENT_SHAPE })), CODES.invalid, /expected \[4, 2\]/],
  ['another rank', () => sending(header({ shape: [8] })), CODES.invalid, /\[8\].*expected \[4, 2\]/],
  ['a shape of terabytes', () => sending(header({ shape: [1e6, 1e6] })), CODES.invalid, /not taken/],
  ['another type', () => sending(header({ dtype: 'float64' })), CODES.invalid, /'float64'.*expected float32/],
  ['data without a header', () => sending(data(8)), CODES.invalid, /before its header/],
  ['an empty data message', () => sending(header(), data(0)), CODES.invalid, /empty data message/],
  ['two headers', () => sending(header(), header()), CODES.invalid, /a header came while 32 bytes/],
  ['two headers, then the data', () => sending(header(), header(), data(BYTES)), CODES.invalid, /header came while/],
  ['more data than announced', () => sending(header(), data(BYTES + 1)), CODES.invalid, /33 bytes came.* of 32/],
  ['a frame with nothing in it', () => sending({}), CODES.invalid, /without a header or data/],
  ['a message of 2 MiB', () => sending(header(), data(2 * MIB)), CODES.exhausted, /larger than max/i],
  ['a message of 5 MiB', () => raw(message(Buffer.alloc(5 * MIB))), CODES.exhausted, /larger than max/i],
  [
    'a length of 4 GiB, refused before its bytes come',
    () => raw(message(new Uint8Array(1), { claimed: 2 ** 32 - 1 })),
    CODES.exhausted,
    /larger than max/i,
  ],
  [
    'a compressed message that unfolds to 64 MiB',
    () => raw(message(gzipSync(Buffer.alloc(64 * MIB)), { compressed: true }), { 'grpc-encoding': 'gzip' }),
    CODES.exhausted,
    /larger than/i,
  ],
  ['a message that is not protobuf', () => raw(message(Buffer.alloc(64, 0xff))), CODES.internal, /./],
];

for (const [name, refusal, code, reason] of abuses) {
  test(`refused with a status and a reason, and the exchange goes on: ${name}`, () =>
    isRefused(refusal(), code, reason));
}

test('bytes that are not gRPC are hung up on, and the exchange goes on', async () => {
  const bytes = [
    'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
    Buffer.alloc(4096, 0xa5),
    new Uint8Array(),
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + '\xff'.repeat(512),
  ];
  for (const each of bytes) {
    await sayOnSocket(server.address, each);
    await goesOn();
  }
});

test('a second stream of a generator that is connected is refused, the first stays', async () => {
  const frames = [header(), { data: Buffer.from(FAKES.buffer) }];
  await using first = openStream(server.address, HONEST, frames);
  await until('its fakes', () => received.some(({ generator }) => generator === 1));
  const { code, details } = await send(HONEST);
  assert.equal(code, CODES.exists);
  assert.match(details, /generator-1 is already connected/);
  await goesOn();
  first.write(header());
  first.write({ data: Buffer.from(FAKES.buffer) });
  await until('the fakes of its next step', () => received.filter(({ generator }) => generator === 1).length === 2);
});

test('a step is taken from a generator once, on whatever stream', async () => {
  await sendSoon(header(), { data: Buffer.from(FAKES.buffer) }, header());
  const { code, details } = await sendSoon(header());
  assert.equal(code, CODES.precondition);
  assert.match(details, /is not due/);
});

test('a generator whose connection broke in mid-tensor may send it again', async () => {
  await goesOn();
  {
    await using _broken = openStream(server.address, HONEST, [header(), data(8)]);
  }
  const before = received.length;
  const { code } = await sendSoon(header(), { data: Buffer.from(FAKES.buffer) }, header());
  assert.equal(code, CODES.precondition, 'the header after it: a step is taken once');
  assert.deepEqual(
    received.slice(before).map(({ generator: from, data: fakes }) => [from, fakes]),
    [[1, FAKES]],
  );
  await goesOn();
});

/** The server hears that a stream is gone a moment after its client does; until then the place is taken. */
async function sendSoon(...frames: TensorFrame[]): Promise<Refusal> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const refusal = await send(HONEST, ...frames);
    if (refusal.code !== CODES.exists) return refusal;
  }
  throw new Error('the place of a generator that left is never free again');
}

test('a batch arrives at the compute thread in the memory in which gRPC gave it', async () => {
  const shape = [64, 28, 28, 1];
  const [large, run] = [[] as typeof received, { token: TOKEN, epoch: EPOCH, shape, gradientShape: shape }];
  await using batches = await ExchangeServer.open({
    ...{ ...run, host: '127.0.0.1', step: 1, generators: 2, dtype: 'float32' as const },
    exchanged: () => {},
    received: (fakes) => large.push(fakes),
  });
  const peer = behavingGenerator({ ...run, server: batches, received: large });
  await peer.exchange(
    1,
    Float32Array.from({ length: 64 * 28 * 28 }, (_, i) => i),
  );
  peer.close();
  // Values that were copied begin at 0, in a buffer of their own.
  assert.deepEqual(
    large.map(({ data }) => data.byteOffset),
    [12],
  );
});

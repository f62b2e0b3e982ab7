import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Metadata, CHUNK_BYTES, callMetadata, exchangeClient } from '../../common/rpc.js';
import { tensorFrames } from '../../common/tensor-stream.js';
import type { TensorFrame } from '../../proto/generated/duet/v1/TensorFrame.js';
import { ExchangeClient } from '../../worker/network/exchange-client.js';
import { ExchangeServer } from '../../worker/network/exchange-server.js';
import type { ToCompute } from '../../worker/messages.js';
import { type Refusal, deferred, refusalOf, sayOnSocket } from '../support/abuse.js';

const TOKEN = 'the-token-of-this-run';
const EPOCH = 3;
const STEP = 8;
const SHAPE = [4, 2];
const FAKES = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
/** gRPC's status codes. */
const CODES = { invalid: 3, exists: 6, exhausted: 8, precondition: 9, unauthenticated: 16 };

type Fakes = Extract<ToCompute, { kind: 'fakes' }>;
type JudgementMessage = Extract<ToCompute, { kind: 'judgement' }>;

const received: Fakes[] = [];
const server = await ExchangeServer.open({
  host: '127.0.0.1',
  token: TOKEN,
  epoch: EPOCH,
  step: STEP,
  generators: 2,
  shape: SHAPE,
  received: (message) => received.push(message),
});

const metadata = (epoch = EPOCH, generator = 1, token = TOKEN) =>
  callMetadata(token, { 'duet-epoch': String(epoch), 'duet-generator': String(generator) });

/** Opens a stream, sends the frames, and waits for the refusal. */
async function send(given: Metadata, ...frames: TensorFrame[]): Promise<Refusal> {
  const client = exchangeClient(server.address);
  const stream = client.exchange(given);
  const refusal = refusalOf(stream as never);
  for (const frame of frames) stream.write(frame);
  const answer = await refusal;
  client.close();
  return answer;
}

const header = (change: object = {}): TensorFrame => ({
  header: { epoch: EPOCH, step: STEP, shape: SHAPE, dtype: 'float32', ...change },
});

/** A generator that behaves gets its fakes through, and its gradient back. */
async function exchangeWorks(step: number): Promise<void> {
  server.expect(EPOCH, step);
  const judged = deferred<JudgementMessage>();
  const client = new ExchangeClient({
    address: server.address,
    token: TOKEN,
    epoch: EPOCH,
    generator: 2,
    shape: SHAPE,
    judged: (message) => judged.resolve(message),
    ended: (reason) => judged.reject(new Error(reason)),
  });
  client.expect(step);
  client.send({ kind: 'fakes', epoch: EPOCH, step, shape: SHAPE, data: FAKES });
  while (received.at(-1)?.step !== step) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(received.at(-1)?.data, FAKES);
  const gradient = FAKES.map((value) => -value);
  server.answer({ kind: 'judgement', generator: 2, epoch: EPOCH, step, loss: 0.5, plainLoss: 0.75, gradient });
  assert.deepEqual(await judged.promise, {
    kind: 'judgement',
    epoch: EPOCH,
    step,
    loss: 0.5,
    plainLoss: 0.75,
    gradient,
  });
  client.close();
}

const refusals: [name: string, refused: () => Promise<Refusal>, code: number, reason: RegExp][] = [
  ['a wrong token', () => send(metadata(EPOCH, 1, 'guessed')), CODES.unauthenticated, /token/],
  [
    'an old epoch',
    () => send(metadata(EPOCH - 1)),
    CODES.precondition,
    /epoch 2 is not the run's, which is in epoch 3/,
  ],
  ['a generator that the run does not have', () => send(metadata(EPOCH, 3)), CODES.invalid, /no generator 3/],
  ['a header of an old epoch', () => send(metadata(), header({ epoch: 1 })), CODES.precondition, /epoch 1/],
  ['a step that is over', () => send(metadata(), header({ step: STEP - 1 })), CODES.precondition, /step 7 is not due/],
  ['a step far ahead', () => send(metadata(), header({ step: STEP + 2 })), CODES.precondition, /step 10 is not due/],
  ['a tensor of another shape', () => send(metadata(), header({ shape: [4, 3] })), CODES.invalid, /\[4, 3\].*\[4, 2\]/],
  ['a tensor that claims terabytes', () => send(metadata(), header({ shape: [1e6, 1e6] })), CODES.invalid, /not taken/],
  ['another type', () => send(metadata(), header({ dtype: 'float64' })), CODES.invalid, /float64/],
  ['data without a header', () => send(metadata(), { data: Buffer.alloc(8) }), CODES.invalid, /before its header/],
  ['two headers', () => send(metadata(), header(), header()), CODES.invalid, /header came while/],
  ['more data than announced', () => send(metadata(), header(), { data: Buffer.alloc(33) }), CODES.invalid, /33 bytes/],
  ['a frame with nothing in it', () => send(metadata(), {}), CODES.invalid, /without a header or data/],
  [
    'a message over the limit',
    () => send(metadata(), header(), { data: Buffer.alloc(2 * CHUNK_BYTES) }),
    CODES.exhausted,
    /larger than max/i,
  ],
];

for (const [name, refused, code, reason] of refusals) {
  test(`${name} is refused with a reason, and the exchange goes on`, async () => {
    const before = received.length;
    const refusal = await refused();
    assert.equal(refusal.code, code, refusal.details);
    assert.match(refusal.details, reason);
    assert.equal(received.length, before, 'nothing of it reached the compute thread');
  });
}

test('a second stream of a generator that is connected is refused, the first stays', async () => {
  const client = exchangeClient(server.address);
  const first = client.exchange(metadata());
  first.on('error', () => {});
  for (const frame of tensorFrames({ epoch: EPOCH, step: STEP, shape: SHAPE }, FAKES)) first.write(frame);
  while (received.at(-1)?.generator !== 1) await new Promise((resolve) => setImmediate(resolve));
  const refusal = await send(metadata());
  assert.equal(refusal.code, CODES.exists);
  assert.match(refusal.details, /generator-1 is already connected/);
  const again = refusalOf(first as never);
  for (const frame of tensorFrames({ epoch: EPOCH, step: STEP, shape: SHAPE }, FAKES)) first.write(frame);
  assert.match((await again).details, /step 8 is not due/, 'a step is taken once');
  client.close();
});

test('a client that speaks something else is hung up on, and the exchange goes on', async () => {
  await sayOnSocket(server.address, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await sayOnSocket(server.address, Buffer.alloc(4096, 0xa5));
  await exchangeWorks(STEP);
});

test('after all of this a generator that behaves still exchanges, step after step', async () => {
  await exchangeWorks(STEP + 1);
  await server[Symbol.asyncDispose]();
});

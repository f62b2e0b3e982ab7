import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TensorFrame } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { ToCompute } from '../../worker/messages.js';
import { ExchangeServer } from '../../worker/network/exchange-server.js';
import { until } from '../support/runs/run.js';
import { behavingGenerator, openStream, refused } from '../support/wire/exchange-peer.js';

const TOKEN = 'the-token-of-this-run';
const SHAPE = [4, 2];
const FAKES = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const PRECONDITION = 9;

const header = (epoch: number, step: number): TensorFrame => ({
  header: { epoch, step, shape: SHAPE, dtype: 'float32' },
});

test('in a new epoch steps begin anew from an earlier one, and what comes of the old epoch is refused', async () => {
  const received: Extract<ToCompute, { kind: 'fakes' }>[] = [];
  await using server = await ExchangeServer.open({
    host: '127.0.0.1',
    token: TOKEN,
    epoch: 1,
    step: 40,
    generators: 2,
    shape: SHAPE,
    gradientShape: SHAPE,
    dtype: 'float32',
    exchanged: () => {},
    received: (fakes) => received.push(fakes),
  });
  const old = behavingGenerator({ server, received, token: TOKEN, epoch: 1, shape: SHAPE, gradientShape: SHAPE });
  await old.exchange(40, FAKES.slice());
  await using stale = openStream(server.address, { token: TOKEN, epoch: '1', generator: '1' }, [
    header(1, 40),
    { data: Buffer.from(FAKES.buffer) },
  ]);
  await until('the fakes of generator 1', () => received.some(({ generator }) => generator === 1));

  server.expect(2, 11);
  old.close();
  const next = behavingGenerator({ server, received, token: TOKEN, epoch: 2, shape: SHAPE, gradientShape: SHAPE });
  received.length = 0;
  await next.exchange(11, FAKES.slice());

  stale.write(header(1, 41));
  const { code, details } = await stale.ended;
  assert.equal(code, PRECONDITION, details);
  assert.match(details, /epoch 1 is not the run's, which is in epoch 2/);
  const late = await refused(server.address, { token: TOKEN, epoch: '1', generator: '1' }, [header(1, 41)]);
  assert.equal(late.code, PRECONDITION, late.details);
  // The one that opened its stream with an old epoch, and the header above where it came before its stream had ended.
  assert.ok(server.stale === 1 || server.stale === 2, `${server.stale} counted`);

  server.expect(2, 12);
  await next.exchange(12, FAKES.slice());
  assert.ok(received.every(({ epoch, generator }) => epoch === 2 && generator === 2));
  next.close();
});

test('a generator that closes its stream itself is not told that the exchange was lost', async () => {
  await using server = await ExchangeServer.open({
    host: '127.0.0.1',
    token: TOKEN,
    epoch: 1,
    step: 1,
    generators: 2,
    shape: SHAPE,
    gradientShape: SHAPE,
    dtype: 'float32',
    exchanged: () => {},
    received: () => {},
  });
  const { ExchangeClient } = await import('../../worker/network/exchange-client.js');
  const told: string[] = [];
  const connect = (generator: number) =>
    new ExchangeClient({
      address: server.address,
      token: TOKEN,
      epoch: 1,
      generator,
      shape: SHAPE,
      dtype: 'float32',
      exchanged: () => {},
      judged: () => {},
      ended: (_kind, reason) => told.push(`${generator}: ${reason}`),
    });
  const closing = connect(1);
  // Of a generator that there is not: its refusal comes after whatever the first one's end would have said.
  closing.close();
  connect(3);
  await until('the refusal of the other', () => told.some((each) => each.includes('there is no generator 3')));
  assert.deepEqual(
    told.filter((each) => !each.startsWith('3: ')),
    [],
  );
});

/** Generators as the exchange sees them: one that behaves, and streams that send what they like. */
import assert from 'node:assert/strict';
import { Metadata, callMetadata, exchangeClient } from '../../../common/rpc.js';
import type { TensorFrame } from '../../../proto/generated/duet/v1/TensorFrame.js';
import type { ToCompute } from '../../../worker/messages.js';
import { ExchangeClient } from '../../../worker/network/exchange-client.js';
import type { ExchangeServer } from '../../../worker/network/exchange-server.js';
import { until } from '../runs/run.js';
import { type Refusal, deferred, refusalOf } from './abuse.js';

type Fakes = Extract<ToCompute, { kind: 'fakes' }>;
type Judgement = Extract<ToCompute, { kind: 'judgement' }>;

/** What a stream says of itself; undefined: left away. */
export interface Claims {
  token?: string | undefined;
  epoch?: string | undefined;
  generator?: string | undefined;
}

function metadataOf({ token, epoch, generator }: Claims): Metadata {
  const metadata = token === undefined ? new Metadata() : callMetadata(token);
  if (epoch !== undefined) metadata.set('duet-epoch', epoch);
  if (generator !== undefined) metadata.set('duet-generator', generator);
  return metadata;
}

/** A stream that sends these frames and stays open. */
export function openStream(address: string, claims: Claims, frames: readonly TensorFrame[]) {
  const client = exchangeClient(address);
  const stream = client.exchange(metadataOf(claims));
  const ended = refusalOf(stream as never);
  for (const frame of frames) stream.write(frame);
  return {
    /** The status with which it ends. */
    ended,
    write: (frame: TensorFrame) => void stream.write(frame),
    async [Symbol.asyncDispose]() {
      stream.cancel();
      await ended;
      client.close();
    },
  };
}

/** Sends the frames and waits for the refusal. */
export async function refused(address: string, claims: Claims, frames: readonly TensorFrame[]): Promise<Refusal> {
  await using stream = openStream(address, claims, frames);
  return await stream.ended;
}

interface GeneratorOptions {
  server: ExchangeServer;
  /** What has reached the compute thread. */
  received: readonly Fakes[];
  token: string;
  epoch: number;
  /** Of the fakes, and of the gradient that comes back. */
  shape: number[];
  gradientShape: number[];
}

/** Generator 2 as a worker runs it: one stream for the whole run. */
export function behavingGenerator({ server, received, token, epoch, shape, gradientShape }: GeneratorOptions) {
  let judged = deferred<Judgement>();
  const client = new ExchangeClient({
    address: server.address,
    token,
    epoch,
    generator: 2,
    shape: gradientShape,
    dtype: 'float32',
    exchanged: () => {},
    judged: (message) => judged.resolve(message),
    ended: (reason) => judged.reject(new Error(reason)),
  });
  return {
    /** Gets fakes through, bit for bit, and their losses and gradient back. */
    async exchange(step: number, fakes: Float32Array<ArrayBuffer>): Promise<void> {
      judged = deferred<Judgement>();
      client.send({ kind: 'fakes', epoch, step, shape, data: fakes });
      const came = until(`the fakes of step ${step}`, () =>
        received.find((message) => message.generator === 2 && message.step === step),
      );
      assert.deepEqual(((await Promise.race([came, judged.promise])) as Fakes).data, fakes);
      const size = gradientShape.reduce((a, b) => a * b, 1);
      const gradient = fakes.slice(-size).map((value) => -value);
      // Both gradients in one buffer, as the discriminator has them; nobody is there to hear the first.
      const both = Float32Array.of(...new Float32Array(size), ...gradient);
      const judgements = [
        { loss: 0.25, plainLoss: 0.125, gradient: both.subarray(0, size) },
        { loss: 0.5, plainLoss: 0.75, gradient: both.subarray(size) },
      ];
      server.answer({ kind: 'judgements', epoch, step, judgements });
      assert.deepEqual(await judged.promise, {
        ...{ kind: 'judgement', epoch, step, loss: 0.5, plainLoss: 0.75 },
        gradient,
      });
    },
    close(): void {
      judged.promise.catch(() => {});
      client.close();
    },
  };
}

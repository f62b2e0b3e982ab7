/** A generator's end of the exchange: fakes out, losses and gradients in. */
import { messageOf } from '../../common/errors.js';
import { type ClientDuplexStream, callMetadata, exchangeClient, rpcError } from '../../common/rpc.js';
import { TensorAssembler, tensorFrames } from '../../common/tensor-stream.js';
import type { TensorFrame } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { TensorFrame__Output } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { ToCompute, ToNetwork } from '../messages.js';

interface ExchangeClientOptions {
  address: string;
  token: string;
  epoch: number;
  /** 1 to N. */
  generator: number;
  /** Of the gradients that come back, [batch, ...sample]. */
  shape: readonly number[];
  judged(message: Extract<ToCompute, { kind: 'judgement' }>): void;
  ended(reason: string): void;
}

export class ExchangeClient {
  readonly #stream: ClientDuplexStream<TensorFrame, TensorFrame__Output>;
  readonly #client: ReturnType<typeof exchangeClient>;
  #step = 0;
  #closed = false;

  constructor({ address, token, epoch, generator, shape, judged, ended }: ExchangeClientOptions) {
    const metadata = callMetadata(token, { 'duet-epoch': String(epoch), 'duet-generator': String(generator) });
    const peer = `the discriminator at ${address}`;
    this.#client = exchangeClient(address);
    const stream = this.#client.exchange(metadata);
    const assembler = new TensorAssembler(() => ({ epoch, steps: [this.#step, this.#step], shape }));
    stream.on('data', (frame: TensorFrame__Output) => {
      try {
        const tensor = assembler.add(frame);
        if (tensor === undefined) return;
        const { step, loss, plainLoss } = tensor.header;
        judged({ kind: 'judgement', epoch, step, loss, plainLoss, gradient: tensor.data });
      } catch (error) {
        stream.cancel();
        ended(`${peer} sent what cannot be used: ${messageOf(error)}`);
      }
    });
    stream.on('error', (error) => {
      if (!this.#closed) ended(messageOf(rpcError(error, peer)));
    });
    stream.on('end', () => {
      if (!this.#closed) ended(`${peer} closed the exchange`);
    });
    this.#stream = stream;
  }

  /** Ends the stream from this side; `ended` is not called. */
  close(): void {
    this.#closed = true;
    this.#stream.cancel();
    this.#client.close();
  }

  /** The step that the coordinator has begun. */
  expect(step: number): void {
    this.#step = step;
  }

  send({ epoch, step, shape, data }: Extract<ToNetwork, { kind: 'fakes' }>): void {
    for (const frame of tensorFrames({ epoch, step, shape }, data)) this.#stream.write(frame);
  }
}

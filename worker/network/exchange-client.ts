/** A generator's end of the exchange: fakes out, losses and gradients in, and a pulse each second. */
import { messageOf } from '../../common/errors.js';
import { type ClientDuplexStream, callMetadata, exchangeClient, rpcError } from '../../common/rpc.js';
import { TensorAssembler, tensorFrames } from '../../common/tensors/tensor-stream.js';
import type { WireDtype } from '../../common/tensors/wire-values.js';
import type { Trust } from '../../common/trust/trust.js';
import type { Peer } from '../../proto/generated/duet/v1/Peer.js';
import type { TensorFrame, TensorFrame__Output } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { ToCompute, ToNetwork } from '../messages.js';
import { ArrivalMeter, type ExchangeMeter, type Metered, writeTensor } from './exchange-meter.js';

const PULSE_MS = 500;

interface ExchangeClientOptions {
  /** Of the discriminator's exchange, host:port. */
  address: string;
  /** Where to connect to reach it, if not there: a relay in front of it. */
  dial?: string;
  token: string;
  /** Mutual TLS; undefined: none. */
  trust?: Trust | undefined;
  epoch: number;
  /** 1 to N. */
  generator: number;
  /** Of the gradients that come back, [batch, ...sample]. */
  shape: readonly number[];
  /** Of fakes and gradients. */
  dtype: WireDtype;
  judged(message: Extract<ToCompute, { kind: 'judgement' }>): void;
  /** A tensor has crossed, first message to last. */
  exchanged: ExchangeMeter;
  /** refused: one end sent what the other will not take. broken: anything else. */
  ended(kind: 'refused' | 'broken', reason: string): void;
}

export class ExchangeClient {
  readonly #stream: ClientDuplexStream<TensorFrame, TensorFrame__Output>;
  readonly #client: ReturnType<typeof exchangeClient>;
  readonly #pulse: NodeJS.Timeout;
  readonly #metered: Metered;
  readonly #dtype: WireDtype;
  /** Of the newest fakes: what comes back is of them. They may be ahead of the commit, and so may the answer. */
  #step = 0;
  #closed = false;
  #heard = performance.now();
  #roundTrip = 0;
  /** Pulses that have not come back yet: a slow one counts before it is back. */
  readonly #underway: { sent: number; at: number }[] = [];

  constructor(options: ExchangeClientOptions) {
    const { address, dial = address, token, trust, epoch, generator, shape, dtype, judged, exchanged, ended } = options;
    const metadata = callMetadata(token, { 'duet-epoch': String(epoch), 'duet-generator': String(generator) });
    const peer = `the discriminator at ${address}`;
    this.#client = exchangeClient(dial, { trust, peer: address });
    const stream = this.#client.exchange(metadata);
    const assembler = new TensorAssembler(() => ({ epoch, steps: [this.#step, this.#step], shape, dtype }));
    const end = (kind: 'refused' | 'broken', reason: string) => {
      if (this.#closed) return;
      this.close();
      ended(kind, reason);
    };
    const metered = { generator, exchanged };
    const arrival = new ArrivalMeter(metered);
    stream.on('data', (frame: TensorFrame__Output) => {
      this.#heard = performance.now();
      if (frame.pulse) return this.#pulsed(frame.pulse.sent);
      try {
        if (frame.header) arrival.begins(frame.header);
        const tensor = assembler.add(frame);
        if (tensor === undefined) return;
        arrival.ends(tensor);
        const { step, loss, plainLoss } = tensor.header;
        judged({ kind: 'judgement', epoch, step, loss, plainLoss, gradient: tensor.data });
      } catch (error) {
        end('refused', `${peer} sent what cannot be used: ${messageOf(error)}`);
      }
    });
    stream.on('error', (error) => {
      const reason = rpcError(error, peer, this.#client);
      end(reason.name === 'RefusedError' ? 'refused' : 'broken', reason.message);
    });
    stream.on('end', () => end('broken', `${peer} closed the exchange`));
    this.#stream = stream;
    this.#metered = metered;
    this.#dtype = dtype;
    this.#pulse = setInterval(() => this.#beat(), PULSE_MS).unref();
  }

  /** Ends the stream from this side; `ended` is not called. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#pulse);
    this.#stream.cancel();
    this.#client.close();
  }

  send({ epoch, step, shape, data }: Extract<ToNetwork, { kind: 'fakes' }>): void {
    if (this.#closed) return;
    this.#step = step;
    const frames = tensorFrames({ epoch, step, shape, dtype: this.#dtype }, data);
    writeTensor(this.#stream, frames, data.byteLength, this.#metered);
  }

  /** How this end hears of the other. */
  get peer(): Peer {
    return {
      role: 'discriminator',
      silentMs: Math.round(performance.now() - this.#heard),
      roundTripMs: Math.round(this.roundTripMs),
    };
  }

  /** Of the newest pulse that came back, or how long one has been on its way if that is longer. */
  get roundTripMs(): number {
    const oldest = this.#underway[0];
    return Math.max(this.#roundTrip, oldest === undefined ? 0 : performance.now() - oldest.at);
  }

  #beat(): void {
    const at = performance.now();
    const sent = Math.round(at);
    this.#underway.push({ sent, at });
    this.#stream.write({ pulse: { sent } });
  }

  /** Pulses come back in the order in which they were sent. */
  #pulsed(sent: number): void {
    const [oldest] = this.#underway;
    if (oldest?.sent !== sent) return;
    this.#underway.shift();
    this.#roundTrip = performance.now() - oldest.at;
  }
}

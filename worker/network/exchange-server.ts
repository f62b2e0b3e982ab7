/** The discriminator's end of the exchange: one stream a generator, checked before anything is taken from it. */
import { RefusedError } from '../../common/errors.js';
import { portOf } from '../../common/hosts.js';
import {
  type Metadata,
  type RefusedListener,
  type RpcServer,
  type ServerDuplexStream,
  authorise,
  joinAddress,
  listen,
  refuse,
} from '../../common/rpc.js';
import { TensorAssembler, tensorFrames } from '../../common/tensors/tensor-stream.js';
import type { Trust } from '../../common/trust/trust.js';
import type { Peer } from '../../proto/generated/duet/v1/Peer.js';
import type { TensorFrame, TensorFrame__Output } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { ExchangeOffer, ToCompute, ToNetwork } from '../messages.js';
import { ArrivalMeter, type ExchangeMeter, writeTensor } from './exchange-meter.js';

interface ExchangeServerOptions extends ExchangeOffer {
  /** Where it listens. */
  host: string;
  /** By which the generators reach it, if not by that. */
  name?: string;
  /** Default: any free one. */
  port?: number;
  token: string;
  /** Mutual TLS; undefined: none. */
  trust?: Trust | undefined;
  /** Under it: told of connections that are refused. */
  refused?: RefusedListener;
  received(message: Extract<ToCompute, { kind: 'fakes' }>): void;
  exchanged: ExchangeMeter;
}

type Call = ServerDuplexStream<TensorFrame__Output, TensorFrame>;

export class ExchangeServer implements AsyncDisposable {
  readonly #options: ExchangeServerOptions;
  readonly #calls = new Map<number, Call>();
  /** When anything came from each generator that is connected. */
  readonly #heard = new Map<number, number>();
  /** The highest step that each generator has sent whole. */
  readonly #sent = new Map<number, number>();
  #server: RpcServer | undefined;
  #epoch: number;
  #step: number;
  /** Messages of an old epoch that were refused. */
  stale = 0;

  private constructor(options: ExchangeServerOptions) {
    this.#options = options;
    this.#epoch = options.epoch;
    this.#step = options.step;
  }

  static async open(options: ExchangeServerOptions): Promise<ExchangeServer> {
    const exchange = new ExchangeServer(options);
    exchange.#server = await listen({
      service: 'Exchange',
      handlers: { Exchange: (call: Call) => exchange.#accept(call) },
      host: options.host,
      port: options.port ?? 0,
      trust: options.trust,
      refused: options.refused,
    });
    return exchange;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  get address(): string {
    const { name, host } = this.#options;
    return this.#server === undefined ? '' : joinAddress(name ?? host, portOf(this.#server.address));
  }

  /** How this end hears of the generators that are connected. */
  get peers(): Peer[] {
    const now = performance.now();
    return [...this.#heard].map(([generator, heard]) => ({
      role: `generator-${generator}`,
      silentMs: Math.round(now - heard),
    }));
  }

  /** The step that the coordinator has begun. In a new epoch every generator opens its stream anew. */
  expect(epoch: number, step: number): void {
    const old = epoch === this.#epoch ? [] : [...this.#calls.values()];
    const was = this.#epoch;
    this.#epoch = epoch;
    this.#step = step;
    if (epoch === was) return;
    this.#calls.clear();
    this.#sent.clear();
    this.#heard.clear();
    // The generators that live close theirs themselves; one that was replaced may hang on a link that is no more.
    for (const call of old) refuse(call, this.#otherEpoch(was));
  }

  answer({ epoch, step, judgements }: Extract<ToNetwork, { kind: 'judgements' }>): void {
    const { gradientShape: shape, dtype, exchanged } = this.#options;
    for (const [i, { loss, plainLoss, gradient }] of judgements.entries()) {
      const frames = tensorFrames({ epoch, step, shape, dtype, loss, plainLoss }, gradient);
      const generator = i + 1;
      writeTensor(this.#calls.get(generator), frames, gradient.byteLength, { generator, exchanged });
    }
  }

  #accept(call: Call): void {
    try {
      authorise(call.metadata, this.#options.token);
      const generator = this.#generatorOf(call.metadata);
      this.#calls.set(generator, call);
      this.#heard.set(generator, performance.now());
      call.on('close', () => this.#forget(generator, call));
      call.on('cancelled', () => this.#forget(generator, call));
      call.on('error', () => this.#forget(generator, call));
      this.#read(call, generator);
    } catch (error) {
      refuse(call, error);
    }
  }

  #read(call: Call, generator: number): void {
    const { shape, dtype, received, exchanged } = this.#options;
    // A generator may be one step ahead: the coordinator's word can reach it first. It cannot send a step twice.
    const assembler = new TensorAssembler(() => {
      const next = (this.#sent.get(generator) ?? 0) + 1;
      return { epoch: this.#epoch, steps: [Math.max(this.#step, next), this.#step + 1], shape, dtype };
    });
    const arrival = new ArrivalMeter({ generator, exchanged });
    call.on('data', (frame: TensorFrame__Output) => {
      if (this.#calls.get(generator) !== call) {
        // Its stream has been refused; what was on its way counts as refused, too.
        if (frame.header && frame.header.epoch < this.#epoch) this.stale += 1;
        return;
      }
      this.#heard.set(generator, performance.now());
      if (frame.pulse) return void call.write({ pulse: frame.pulse });
      try {
        if (frame.header) arrival.begins(frame.header);
        const tensor = assembler.add(frame);
        if (tensor === undefined) return;
        arrival.ends(tensor);
        const { epoch, step } = tensor.header;
        this.#sent.set(generator, step);
        received({ kind: 'fakes', generator, epoch, step, data: tensor.data });
      } catch (error) {
        if (frame.header && frame.header.epoch < this.#epoch) this.stale += 1;
        this.#forget(generator, call);
        refuse(call, error);
      }
    });
    call.on('end', () => call.end());
  }

  #generatorOf(metadata: Metadata): number {
    const number = (key: string) => Number(metadata.get(key)[0] ?? Number.NaN);
    const epoch = number('duet-epoch');
    if (epoch !== this.#epoch) {
      if (epoch < this.#epoch) this.stale += 1;
      throw this.#otherEpoch(epoch);
    }
    const generator = number('duet-generator');
    if (!Number.isInteger(generator) || generator < 1 || generator > this.#options.generators) {
      throw new RefusedError(
        'INVALID_ARGUMENT',
        `there is no generator ${generator}: this run has 1 to ${this.#options.generators}`,
      );
    }
    if (this.#calls.has(generator)) {
      throw new RefusedError('ALREADY_EXISTS', `generator-${generator} is already connected`);
    }
    return generator;
  }

  #otherEpoch(epoch: number): RefusedError {
    return new RefusedError('FAILED_PRECONDITION', `epoch ${epoch} is not the run's, which is in epoch ${this.#epoch}`);
  }

  #forget(generator: number, call: Call): void {
    if (this.#calls.get(generator) !== call) return;
    this.#calls.delete(generator);
    this.#heard.delete(generator);
  }
}

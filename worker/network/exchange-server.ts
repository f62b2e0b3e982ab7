/** The discriminator's end of the exchange: one stream a generator, checked before anything is taken from it. */
import { RefusedError } from '../../common/errors.js';
import { type Metadata, type RpcServer, type ServerDuplexStream, authorise, listen, refuse } from '../../common/rpc.js';
import { TensorAssembler, tensorFrames } from '../../common/tensor-stream.js';
import type { TensorFrame, TensorFrame__Output } from '../../proto/generated/duet/v1/TensorFrame.js';
import type { ExchangeOffer, ToCompute, ToNetwork } from '../messages.js';

interface ExchangeServerOptions extends ExchangeOffer {
  host: string;
  token: string;
  received(message: Extract<ToCompute, { kind: 'fakes' }>): void;
}

type Call = ServerDuplexStream<TensorFrame__Output, TensorFrame>;

export class ExchangeServer implements AsyncDisposable {
  readonly #options: ExchangeServerOptions;
  readonly #calls = new Map<number, Call>();
  /** The highest step that each generator has sent whole. */
  readonly #sent = new Map<number, number>();
  #server: RpcServer | undefined;
  #epoch: number;
  #step: number;

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
      port: 0,
    });
    return exchange;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  get address(): string {
    return this.#server?.address ?? '';
  }

  /** The step that the coordinator has begun. In a new epoch every generator opens its stream anew. */
  expect(epoch: number, step: number): void {
    if (epoch !== this.#epoch) {
      // The old streams are closed by the generators themselves; what still comes from one carries the old epoch.
      this.#calls.clear();
      this.#sent.clear();
    }
    this.#epoch = epoch;
    this.#step = step;
  }

  answer({ generator, epoch, step, loss, plainLoss, gradient }: Extract<ToNetwork, { kind: 'judgement' }>): void {
    const call = this.#calls.get(generator);
    const header = { epoch, step, shape: this.#options.gradientShape, loss, plainLoss };
    for (const frame of tensorFrames(header, gradient)) call?.write(frame);
  }

  #accept(call: Call): void {
    try {
      authorise(call.metadata, this.#options.token);
      const generator = this.#generatorOf(call.metadata);
      this.#calls.set(generator, call);
      call.on('close', () => this.#forget(generator, call));
      call.on('cancelled', () => this.#forget(generator, call));
      call.on('error', () => this.#forget(generator, call));
      this.#read(call, generator);
    } catch (error) {
      refuse(call, error);
    }
  }

  #read(call: Call, generator: number): void {
    const { shape, received } = this.#options;
    // A generator may be one step ahead: the coordinator's word can reach it first. It cannot send a step twice.
    const assembler = new TensorAssembler(() => {
      const next = (this.#sent.get(generator) ?? 0) + 1;
      return { epoch: this.#epoch, steps: [Math.max(this.#step, next), this.#step + 1], shape };
    });
    call.on('data', (frame: TensorFrame__Output) => {
      try {
        const tensor = assembler.add(frame);
        if (tensor === undefined) return;
        const { epoch, step } = tensor.header;
        this.#sent.set(generator, step);
        received({ kind: 'fakes', generator, epoch, step, data: tensor.data });
      } catch (error) {
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
      throw new RefusedError(
        'FAILED_PRECONDITION',
        `epoch ${epoch} is not the run's, which is in epoch ${this.#epoch}`,
      );
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

  #forget(generator: number, call: Call): void {
    if (this.#calls.get(generator) === call) this.#calls.delete(generator);
  }
}

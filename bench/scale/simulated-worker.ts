/**
 * A worker whose computing is a wait: it joins, votes, beats and uploads through the product's own client code, on a connection
 * of its own. It has no exchange: between a generator and the discriminator the coordinator has no part.
 */
import { DuetError } from '../../common/errors.js';
import { encodeSafetensors } from '../../common/tensors/safetensors.js';
import { VERSION } from '../../common/version.js';
import type { Begin__Output } from '../../proto/generated/duet/v1/Begin.js';
import type { Commit__Output } from '../../proto/generated/duet/v1/Commit.js';
import type { Assignment } from '../../worker/messages.js';
import { ControlStream } from '../../worker/network/control-stream.js';
import { saveState } from '../../worker/network/state-transfer.js';
import { peersOf, voteOf } from './votes.js';

/** Of ring8: what its samples look like, and how many a generator draws for a picture. */
const [SAMPLE_SHAPE, SAMPLES] = [[2], 64];
/** Where nobody listens: no generator ever dials. */
const NO_EXCHANGE = '127.0.0.1:9';

interface SimulationOptions {
  coordinator: string;
  token: string;
  generators: number;
  /** Settles when this step is computed; undefined: that takes no time. */
  computed(step: number): Promise<unknown> | undefined;
  /** Right before the vote goes out. */
  voting(step: number, waitedMs: number): void;
  /** The commit has come. */
  committed(step: number): void;
}

export class SimulatedWorker {
  /** Settles when the run is over for it. @throws DuetError when it ended in another way than by the coordinator's Stop */
  readonly over: Promise<void>;
  readonly #options: SimulationOptions;
  readonly #control: ControlStream;
  #assignment: Assignment | undefined;
  #phase = 'starting';
  #phaseSince = performance.now();
  #votedAt = performance.now();

  constructor(options: SimulationOptions) {
    const { coordinator, token } = options;
    this.#options = options;
    let [resolve, reject]: [() => void, (error: Error) => void] = [() => {}, () => {}];
    this.over = new Promise((done, failed) => ([resolve, reject] = [done, failed]));
    this.#control = new ControlStream(
      {
        coordinator,
        dial: coordinator,
        token,
        trust: undefined,
        version: VERSION,
        metrics: '',
        rejoinMs: 0,
        log: () => {},
      },
      {
        standby: () => {},
        assigned: (assignment) => this.#take(assignment),
        begin: (begin) => this.#step(begin),
        committed: (commit) => this.#finish(commit),
        restore: () => this.#fail('the coordinator went back'),
        fault: () => {},
        state: () => this.#state(),
        lost: () => {},
        ended: (kind, reason) => {
          this.#control.client.close();
          if (kind === 'stop') resolve();
          else reject(new DuetError(`a simulated worker ended: ${reason}`));
        },
      },
    );
  }

  get #role(): string {
    return this.#assignment?.role ?? '';
  }

  #take(assignment: Assignment): void {
    const { epoch, role, threads } = assignment;
    this.#assignment = assignment;
    const ready = { epoch, engine: 'simulated', device: 'cpu', threads };
    const data = { exchange: NO_EXCHANGE, sampleShape: SAMPLE_SHAPE, dataSha256: '0'.repeat(64) };
    this.#enter('between-steps');
    this.#control.send({ ready: role === 'discriminator' ? { ...ready, ...data } : ready });
  }

  #step(begin: Begin__Output): void {
    const began = performance.now();
    const commitMs = began - this.#votedAt;
    const computed = this.#options.computed(begin.step);
    this.#enter(this.#role === 'discriminator' ? 'update' : 'forward');
    const vote = () => {
      const computeMs = performance.now() - began;
      const message = voteOf(this.#role, this.#options.generators, begin, { commitMs, computeMs });
      this.#enter('between-steps');
      this.#options.voting(begin.step, computeMs);
      this.#votedAt = performance.now();
      this.#control.send({ vote: message });
    };
    if (computed === undefined) vote();
    else void computed.then(vote);
  }

  #finish({ epoch, step, checkpoint, sample, next }: Commit__Output): void {
    this.#options.committed(step);
    if (checkpoint) void this.#save(epoch, step);
    if (sample && this.#role !== 'discriminator') {
      const data = Buffer.alloc(SAMPLES * 2 * Float32Array.BYTES_PER_ELEMENT);
      this.#control.send({ samples: { step, shape: [SAMPLES, ...SAMPLE_SHAPE], dtype: 'float32', data } });
    }
    if (next) this.#step(next);
    else this.#enter('finished');
  }

  async #save(epoch: number, step: number): Promise<void> {
    const arrays = [{ name: 'weights/none', shape: [1], data: new Float32Array(1) }];
    const file = encodeSafetensors({
      arrays,
      metadata: { role: this.#role, step: String(step), updates: String(step) },
    });
    try {
      await saveState(this.#control.client, this.#options.token, { role: this.#role, step, epoch, file });
    } catch (error) {
      this.#fail(`the state was not kept: ${String(error)}`);
    }
  }

  #fail(reason: string): void {
    this.#control.send({ failure: { reason: `simulated: ${reason}`, usage: true, leaving: false } });
  }

  #enter(phase: string): void {
    this.#phase = phase;
    this.#phaseSince = performance.now();
  }

  #state() {
    return {
      phase: this.#phase,
      phaseMs: Math.round(performance.now() - this.#phaseSince),
      residentBytes: 500 << 20,
      peers: this.#role === '' ? [] : peersOf(this.#role, this.#options.generators),
      stale: 0,
    };
  }
}

/** A worker as the coordinator knows it: a connection, a heartbeat, and from its assignment on a role. */
import type { ServerDuplexStream } from '../../../common/rpc.js';
import type { CoordinatorMessage } from '../../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { Heartbeat__Output } from '../../../proto/generated/duet/v1/Heartbeat.js';
import type { Join__Output } from '../../../proto/generated/duet/v1/Join.js';
import type { Peer__Output } from '../../../proto/generated/duet/v1/Peer.js';
import type { Ready__Output } from '../../../proto/generated/duet/v1/Ready.js';
import type { Vote__Output } from '../../../proto/generated/duet/v1/Vote.js';
import type { WorkerMessage__Output } from '../../../proto/generated/duet/v1/WorkerMessage.js';
import type { Cause } from '../../run/journal/cause.js';

export type WorkerIdentity = Pick<Join__Output, 'host' | 'pid' | 'run' | 'role' | 'metrics'>;

/** What a worker says of itself once it could take a role at once. */
const STANDING_BY = 'standing by';
/** host:port, as Prometheus can be told. */
const ADDRESS = /^[\w.:[\]-]{1,260}:\d{1,5}$/;
/** Steps whose compute times are remembered. */
const REMEMBERED = 32;
/** A role's own work that not every step has: it says nothing of how fast the worker is. */
const NOW_AND_THEN: readonly string[] = ['commit', 'signals'];

export class Member {
  /** As it said when it joined; `role` is what it computed for a coordinator before. */
  readonly identity: WorkerIdentity;
  /** What this worker was given to compute. */
  role: string | undefined;
  /** What it was told to be ready for, while it has no role. */
  standby: { role: string; threads: number } | undefined;
  /** Of membership, as it was last told. */
  epoch = 0;
  /** Holds the state of its role, or stands by with what a role needs. */
  ready = false;
  /** e.g. "tensorflow 2.21.0", and cpu or cuda; empty until it was ready once. */
  engine = '';
  device = '';
  /** As of its last heartbeat. */
  phase = 'starting';
  residentBytes = 0;
  peers: readonly Peer__Output[] = [];
  /** Messages of old epochs that it has refused. */
  stale = 0;
  /** True once it has voted for the step in progress. */
  voted = false;
  /** Its own computing in each of the last steps, milliseconds, without waits; newest last. */
  readonly computeMs: number[] = [];
  readonly #stream: ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>;
  readonly #gone: (reason: string, cause: Cause, member: Member) => void;
  #phaseSince = performance.now();
  #lastHeard = performance.now();
  #present = true;

  constructor(
    identity: WorkerIdentity,
    stream: ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>,
    gone: (reason: string, cause: Cause, member: Member) => void,
  ) {
    this.identity = identity;
    this.#stream = stream;
    this.#gone = gone;
  }

  /** host/pid: names the process in events. */
  get name(): string {
    return `${this.identity.host}/${this.identity.pid}`;
  }

  /** host:port of its /metrics; empty where it has told none that could be one. */
  get metrics(): string {
    return ADDRESS.test(this.identity.metrics) ? this.identity.metrics : '';
  }

  get present(): boolean {
    return this.#present;
  }

  /** performance.now() of the last sign of life. */
  get lastHeard(): number {
    return this.#lastHeard;
  }

  send(message: CoordinatorMessage): void {
    if (this.#present) this.#stream.write(message);
  }

  /** It is told to begin an epoch. */
  begins(epoch: number): void {
    this.epoch = epoch;
    this.voted = false;
    this.ready = false;
    this.peers = [];
  }

  heard(): void {
    this.#lastHeard = performance.now();
  }

  /** It holds the state of its role in the epoch that it was told. */
  isReady({ engine, device }: Ready__Output): void {
    this.ready = true;
    this.engine = engine;
    this.device = device;
  }

  beat(heartbeat: Heartbeat__Output | null | undefined): void {
    if (!heartbeat) return;
    this.phase = heartbeat.phase;
    if (this.role === undefined) this.ready = heartbeat.phase === STANDING_BY;
    this.#phaseSince = performance.now() - heartbeat.phaseMs;
    this.residentBytes = heartbeat.residentBytes;
    // What it said of an exchange that is no more is no news.
    this.peers = heartbeat.epoch === this.epoch ? heartbeat.peers : [];
    this.stale = heartbeat.stale;
  }

  /** Its vote for the step in progress counts. */
  hasVoted({ phases }: Vote__Output): void {
    this.voted = true;
    const own = phases.filter(({ name }) => !name.startsWith('wait-') && !NOW_AND_THEN.includes(name));
    this.computeMs.push(own.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
    if (this.computeMs.length > REMEMBERED) this.computeMs.shift();
  }

  /** How long it has been in its phase, as far as is known. */
  phaseMs(now: number): number {
    return now - this.#phaseSince;
  }

  /** Milliseconds since anything came from it. */
  silence(now: number): number {
    return now - this.#lastHeard;
  }

  /** Its membership is over; the first reason stands. */
  left(reason: string, cause: Cause): void {
    if (!this.#present) return;
    this.#present = false;
    this.#gone(reason, cause, this);
  }

  /** Closes its stream without a word: it looks for another coordinator of the run. */
  release(): void {
    this.#present = false;
    this.#stream.end();
  }

  /** Tells it to end, and closes its stream. */
  dismiss(reason: string): void {
    if (this.#present) this.#stream.write({ stop: { reason } });
    this.#stream.end();
  }
}

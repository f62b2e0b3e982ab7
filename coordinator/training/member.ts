/** A worker as the coordinator knows it: a connection, a heartbeat, and from its assignment on a role. */
import type { ServerDuplexStream } from '../../common/rpc.js';
import type { CoordinatorMessage } from '../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { Heartbeat__Output } from '../../proto/generated/duet/v1/Heartbeat.js';
import type { WorkerMessage__Output } from '../../proto/generated/duet/v1/WorkerMessage.js';

export interface WorkerIdentity {
  host: string;
  pid: number;
}

export class Member {
  readonly identity: WorkerIdentity;
  /** What this worker was given to compute. */
  role: string | undefined;
  /** As of its last heartbeat. */
  phase = 'starting';
  residentBytes = 0;
  readonly #stream: ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>;
  readonly #gone: (reason: string, member: Member) => void;
  #lastHeard = performance.now();
  #present = true;

  constructor(
    identity: WorkerIdentity,
    stream: ServerDuplexStream<WorkerMessage__Output, CoordinatorMessage>,
    gone: (reason: string, member: Member) => void,
  ) {
    this.identity = identity;
    this.#stream = stream;
    this.#gone = gone;
  }

  /** host/pid: names the process in events. */
  get name(): string {
    return `${this.identity.host}/${this.identity.pid}`;
  }

  get present(): boolean {
    return this.#present;
  }

  send(message: CoordinatorMessage): void {
    if (this.#present) this.#stream.write(message);
  }

  heard(): void {
    this.#lastHeard = performance.now();
  }

  beat(heartbeat: Heartbeat__Output | null | undefined): void {
    this.phase = heartbeat?.phase ?? this.phase;
    this.residentBytes = heartbeat?.residentBytes ?? this.residentBytes;
  }

  /** Milliseconds since anything came from it. */
  silence(now: number): number {
    return now - this.#lastHeard;
  }

  /** Its membership is over; the first reason stands. */
  left(reason: string): void {
    if (!this.#present) return;
    this.#present = false;
    this.#gone(reason, this);
  }

  /** Tells it to end, and closes its stream. */
  dismiss(reason: string): void {
    this.send({ stop: { reason } });
    this.#stream.end();
  }
}

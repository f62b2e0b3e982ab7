/** The worker's end of the control stream: join, heartbeats, votes out; assign, begin, commit, stop in. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError, messageOf } from '../../common/errors.js';
import {
  type ClientDuplexStream,
  callMetadata,
  coordinationClient,
  isUnreachable,
  rpcError,
} from '../../common/rpc.js';
import type { Begin__Output } from '../../proto/generated/duet/v1/Begin.js';
import type { Commit__Output } from '../../proto/generated/duet/v1/Commit.js';
import type { CoordinationClient } from '../../proto/generated/duet/v1/Coordination.js';
import type { Restore__Output } from '../../proto/generated/duet/v1/Restore.js';
import type { CoordinatorMessage__Output } from '../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { WorkerMessage } from '../../proto/generated/duet/v1/WorkerMessage.js';
import type { Assignment, Ending } from '../messages.js';

/** The number in Join: a coordinator that speaks another one refuses the worker. */
const PROTOCOL = 1;
const HEARTBEAT_MS = 1000;
/** How long a worker that starts before its coordinator keeps trying. */
const JOIN_FOR_MS = 60_000;
const RETRY_MS = 500;

export interface ControlHandlers {
  assigned(assignment: Assignment): void;
  begin(begin: Begin__Output): void;
  committed(commit: Commit__Output): void;
  restore(restore: Restore__Output): void;
  /** Once. */
  ended(kind: Ending['kind'], reason: string): void;
}

interface ControlOptions {
  coordinator: string;
  token: string;
  version: string;
}

export class ControlStream {
  /** What the compute thread is doing, for the heartbeat. */
  phase = 'starting';
  readonly client: CoordinationClient;
  readonly #options: ControlOptions;
  readonly #handlers: ControlHandlers;
  readonly #triedSince = performance.now();
  #stream: ClientDuplexStream<WorkerMessage, CoordinatorMessage__Output> | undefined;
  #epoch = 0;
  #joined = false;
  #over = false;

  constructor(options: ControlOptions, handlers: ControlHandlers) {
    this.client = coordinationClient(options.coordinator);
    this.#options = options;
    this.#handlers = handlers;
    this.#open();
    setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
  }

  send(message: WorkerMessage): void {
    if (!this.#over) this.#stream?.write(message);
  }

  #open(): void {
    let metadata;
    try {
      metadata = callMetadata(this.#options.token);
    } catch (error) {
      this.#end('refused', messageOf(error));
      return;
    }
    const stream = this.client.control(metadata);
    this.#stream = stream;
    stream.on('data', (message: CoordinatorMessage__Output) => this.#receive(message));
    stream.on('error', (error) => void this.#failed(error));
    stream.on('end', () => this.#end('lost', 'the coordinator closed the connection'));
    this.send({ join: { protocol: PROTOCOL, host: hostname(), pid: process.pid, duet: this.#options.version } });
  }

  async #failed(error: Error): Promise<void> {
    const waited = performance.now() - this.#triedSince;
    // A coordinator that is not up yet is worth waiting for; one that has assigned us and vanished is not.
    if (!this.#joined && isUnreachable(error) && waited < JOIN_FOR_MS) {
      await sleep(RETRY_MS);
      this.#open();
      return;
    }
    const reason = rpcError(error, `the coordinator at ${this.#options.coordinator}`);
    this.#end(reason instanceof RefusedError ? 'refused' : 'lost', reason.message);
  }

  #receive(message: CoordinatorMessage__Output): void {
    this.#joined = true;
    switch (message.message) {
      case 'assign': {
        if (!message.assign) return;
        const { config, engine, ...rest } = message.assign;
        this.#epoch = rest.epoch;
        this.#handlers.assigned({ ...rest, config: JSON.parse(config), engine: JSON.parse(engine) });
        return;
      }
      case 'begin':
        if (message.begin) this.#handlers.begin(message.begin);
        return;
      case 'commit':
        if (message.commit) this.#handlers.committed(message.commit);
        return;
      case 'restore':
        if (!message.restore) return;
        this.#epoch = message.restore.epoch;
        this.#handlers.restore(message.restore);
        return;
      case 'refused':
        process.stderr.write(
          `the coordinator refused a message (${message.refused?.status}): ${message.refused?.reason}\n`,
        );
        return;
      case 'stop':
        this.#end('stop', message.stop?.reason ?? 'the coordinator said stop');
        return;
    }
  }

  #beat(): void {
    this.send({ heartbeat: { epoch: this.#epoch, phase: this.phase, residentBytes: process.memoryUsage.rss() } });
  }

  #end(kind: Ending['kind'], reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#handlers.ended(kind, reason);
  }
}

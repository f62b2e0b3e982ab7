/** The worker's end of the control stream: join, heartbeats, votes out; assign, begin, commit, stop in. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError, RefusedError, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log/log.js';
import {
  type ClientDuplexStream,
  callMetadata,
  coordinationClient,
  isUnreachable,
  rpcError,
} from '../../common/rpc.js';
import type { Trust } from '../../common/trust/trust.js';
import type { Begin__Output } from '../../proto/generated/duet/v1/Begin.js';
import type { Commit__Output } from '../../proto/generated/duet/v1/Commit.js';
import type { CoordinationClient } from '../../proto/generated/duet/v1/Coordination.js';
import type { CoordinatorMessage__Output } from '../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import type { Heartbeat } from '../../proto/generated/duet/v1/Heartbeat.js';
import type { Restore__Output } from '../../proto/generated/duet/v1/Restore.js';
import type { WorkerMessage } from '../../proto/generated/duet/v1/WorkerMessage.js';
import type { Assignment, Ending, Preparation } from '../messages.js';
import { parseRequest } from '../request.js';

/** The number in Join: a coordinator that speaks another one refuses the worker. */
const PROTOCOL = 3;
const HEARTBEAT_MS = 500;
/** How long a worker that starts before its coordinator keeps trying. */
const JOIN_FOR_MS = 60_000;
const RETRY_MS = 500;
/** How often a search that goes on is told of. */
const SAY_AGAIN_MS = 600_000;

export interface ControlHandlers {
  standby(preparation: Preparation): void;
  assigned(assignment: Assignment): void;
  begin(begin: Begin__Output): void;
  committed(commit: Commit__Output): void;
  restore(restore: Restore__Output): void;
  fault(fault: Fault__Output): void;
  /** What the next heartbeat says besides the epoch. */
  state(): Omit<Heartbeat, 'epoch'>;
  /** The coordinator is gone, and is being looked for. */
  lost(reason: string): void;
  /** Once. */
  ended(kind: Ending['kind'], reason: string): void;
}

interface ControlOptions {
  coordinator: string;
  /** Where to connect to reach it: there, or a relay in front of it. */
  dial: string;
  token: string;
  /** Mutual TLS; undefined: none. */
  trust: Trust | undefined;
  version: string;
  /** host:port of this worker's /metrics. */
  metrics: string;
  /** How long a worker that has lost its coordinator looks for it, or for one that was started in its place. Infinity: also at the start. */
  rejoinMs: number;
  log: Log;
}

export class ControlStream {
  readonly client: CoordinationClient;
  readonly #options: ControlOptions;
  readonly #handlers: ControlHandlers;
  #stream: ClientDuplexStream<WorkerMessage, CoordinatorMessage__Output> | undefined;
  /** The highest that was heard of: what comes of an earlier one is refused, also from an earlier coordinator. */
  #epoch = 0;
  /** What it computes, once it has a role. */
  #seat = { run: '', role: '' };
  /** Since when there is no coordinator, and how long it may take to find one. */
  #missing: { since: number; forMs: number };
  #joined = false;
  /** Why it is being looked for, and what of that was told when; empty: it is not. */
  #reason = '';
  readonly #told = new Map<string, number>();
  #over = false;
  /** Messages of an old epoch that were refused. */
  stale = 0;

  constructor(options: ControlOptions, handlers: ControlHandlers) {
    const { dial, trust, coordinator: peer, rejoinMs } = options;
    this.client = coordinationClient(dial, { trust, peer });
    this.#missing = { since: performance.now(), forMs: rejoinMs === Infinity ? rejoinMs : JOIN_FOR_MS };
    this.#options = options;
    this.#handlers = handlers;
    this.#open();
    setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
  }

  /** True from the coordinator's first word until it is gone. */
  get connected(): boolean {
    return this.#missing.forMs === 0 && this.#stream !== undefined;
  }

  /** Why there is no coordinator; empty: there is one, or it has not been tried yet. */
  get missing(): string {
    return this.#reason;
  }

  get epoch(): number {
    return this.#epoch;
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
    stream.on('data', (message: CoordinatorMessage__Output) => {
      try {
        this.#receive(message);
      } catch (error) {
        if (!(error instanceof DuetError)) throw error;
        this.#end('refused', error.message);
      }
    });
    stream.on('error', (error) => void this.#failed(stream, error));
    stream.on('end', () => void this.#failed(stream, new Error('it closed the connection')));
    const { version: duet, metrics } = this.#options;
    this.send({ join: { protocol: PROTOCOL, host: hostname(), pid: process.pid, duet, metrics, ...this.#seat } });
  }

  async #failed(stream: unknown, error: Error): Promise<void> {
    // An end and an error of one stream are one loss.
    if (stream !== this.#stream || this.#over) return;
    this.#stream = undefined;
    this.#joined = false;
    const reason = rpcError(error, `the coordinator at ${this.#options.coordinator}`, this.client);
    if (reason instanceof RefusedError) return this.#end('refused', reason.message);
    if (this.#missing.forMs === 0) {
      this.#missing = { since: performance.now(), forMs: this.#options.rejoinMs };
      this.#handlers.lost(reason.message);
    }
    const { since, forMs } = this.#missing;
    const worthWaiting = this.#seat.role !== '' || forMs === Infinity || isUnreachable(error);
    if (!worthWaiting || performance.now() - since > forMs || forMs === 0) return this.#end('lost', reason.message);
    this.#look(reason.message, forMs);
    await sleep(RETRY_MS);
    if (!this.#over) this.#open();
  }

  /** Once for each reason, not for each try; a long search says from time to time that it goes on. */
  #look(reason: string, forMs: number): void {
    const { log } = this.#options;
    const now = performance.now();
    this.#reason = reason;
    if (now - (this.#told.get(reason) ?? -Infinity) < SAY_AGAIN_MS) return log('trace', 'coordinator-missing', reason);
    this.#told.set(reason, now);
    const howLong = forMs === Infinity ? 'until it is there' : `for up to ${Math.round(forMs / 1000)} s`;
    log('warn', 'coordinator-missing', `${reason}: looking for it ${howLong}`);
  }

  #receive(message: CoordinatorMessage__Output): void {
    // Found: the next loss begins a new search.
    this.#missing.forMs = 0;
    this.#reason = '';
    this.#told.clear();
    if (!this.#joined)
      this.#options.log('info', 'worker-joined', `joined the coordinator at ${this.#options.coordinator}`);
    this.#joined = true;
    switch (message.message) {
      case 'standby': {
        if (!message.standby) return;
        const { config, engine, ...rest } = message.standby;
        return this.#handlers.standby({ ...rest, ...parseRequest(config, engine) });
      }
      case 'assign': {
        if (!message.assign || this.#isStale(message.assign.epoch)) return;
        const { config, engine, ...rest } = message.assign;
        this.#seat = { run: rest.run, role: rest.role };
        return this.#handlers.assigned({ ...rest, ...parseRequest(config, engine) });
      }
      case 'begin':
        if (message.begin && !this.#isStale(message.begin.epoch)) this.#handlers.begin(message.begin);
        return;
      case 'commit':
        if (message.commit && !this.#isStale(message.commit.epoch)) this.#handlers.committed(message.commit);
        return;
      case 'restore':
        if (message.restore && !this.#isStale(message.restore.epoch)) this.#handlers.restore(message.restore);
        return;
      case 'fault':
        if (message.fault) this.#handlers.fault(message.fault);
        return;
      case 'refused':
        this.#options.log(
          'warn',
          'message-refused',
          `the coordinator refused a message (${message.refused?.status}): ${message.refused?.reason}`,
        );
        return;
      case 'stop':
        this.#end('stop', message.stop?.reason ?? 'the coordinator said stop');
        return;
    }
  }

  #isStale(epoch: number): boolean {
    if (epoch < this.#epoch) {
      this.stale += 1;
      return true;
    }
    this.#epoch = epoch;
    return false;
  }

  #beat(): void {
    this.send({ heartbeat: { epoch: this.#epoch, ...this.#handlers.state() } });
  }

  #end(kind: Ending['kind'], reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#handlers.ended(kind, reason);
  }
}

/**
 * The network thread of a worker: gRPC to the coordinator and to the other roles, heartbeats, uploads.
 * It never computes, so it answers while the compute thread is inside a long op.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import { RefusedError, messageOf } from '../../common/errors.js';
import type { HttpServer } from '../../common/http-server.js';
import { LevelSwitch } from '../../common/log/log-level.js';
import { createLog } from '../../common/log/log.js';
import { serveMetrics } from '../../common/metrics/server.js';
import { joinAddress } from '../../common/rpc.js';
import type { TrustFiles } from '../../common/trust/files.js';
import { Refusals } from '../../common/trust/refusals.js';
import type { TrainingConfig } from '../../gan/config.js';
import type { Begin__Output } from '../../proto/generated/duet/v1/Begin.js';
import type { Trouble__Output } from '../../proto/generated/duet/v1/Trouble.js';
import { ComputeFaults } from '../faults/compute-faults.js';
import { FaultMaker } from '../faults/fault-maker.js';
import { Relays } from '../faults/relays.js';
import { raise } from '../inbox.js';
import { follow, newContext } from '../log-context.js';
import { type Assignment, type Ending, type ToCompute, type ToNetwork, transferables } from '../messages.js';
import { observeMessage } from '../observed-message.js';
import { LOADING, PhaseBoard } from '../phase-board.js';
import { generatorOf } from '../request.js';
import { ControlStream } from './control-stream.js';
import { ExchangeClient } from './exchange-client.js';
import { ExchangeServer } from './exchange-server.js';
import { readCard } from './gpu.js';
import { Measures } from './measures.js';
import { loadState, saveState } from './state-transfer.js';
import { openTrust } from './trust.js';

export interface NetworkThreadData {
  coordinator: string;
  token: string;
  /** Name or address by which others reach this worker. */
  host: string;
  /** Where its exchange and its metrics listen. */
  listen: string;
  /** Of its exchange; 0: any free one. */
  exchangePort: number;
  /** Mutual TLS; undefined: none. */
  trustFiles: TrustFiles | undefined;
  /** Of /metrics; undefined: the usual one, or any where that is taken. */
  metricsPort: number | undefined;
  version: string;
  /** How long to look for a coordinator that is gone, milliseconds; Infinity: without end, also at the start. */
  rejoinMs: number;
  port: MessagePort;
  counter: Int32Array<SharedArrayBuffer>;
  /** Of the phase board. */
  board: SharedArrayBuffer;
  /** Faults on purpose are made. */
  allowChaos: boolean;
  /** Those in the compute thread. */
  faults: ComputeFaults['shared'];
  /** Of the level switch. */
  logLevels: LevelSwitch['memory'];
}

/** How long the compute thread may take to leave once the run is over, before the process is ended. */
const LEAVE_MS = 10_000;
/** How often the NVIDIA card is asked. */
const CARD_MS = 5000;
/** How long the coordinator may take to answer a failure. */
const FAILURE_MS = 3000;

const data = workerData as NetworkThreadData;
const context = newContext();
const log = createLog({ levels: new LevelSwitch(data.logLevels), context });
const trust = openTrust(data.trustFiles, data.host, log);
const refusals = new Refusals();
const board = new PhaseBoard(data.board);
const relays = await Relays.open(data.allowChaos);
const faults = new FaultMaker({
  allowed: data.allowChaos,
  relays,
  compute: new ComputeFaults(data.faults),
  log,
});
let assignment: Assignment | undefined;
/** A step is in progress. */
let computing = false;
let server: ExchangeServer | undefined;
let client: ExchangeClient | undefined;
const measures = new Measures(data.version, () => client?.roundTripMs);
const exchanged = measures.exchanged.bind(measures);
const metrics = await openMetrics();
const toCoordinator = {
  ...data,
  log,
  trust,
  dial: relays.through('coordinator', data.coordinator),
  metrics: joinAddress(data.host, metrics.port),
};

/** Where they cannot be served, the process ends. */
async function openMetrics(): Promise<HttpServer> {
  try {
    const { listen: host, metricsPort: port } = data;
    return await serveMetrics({ host, port, registry: measures.registry, notReady: () => whyNotReady() });
  } catch (error) {
    end('refused', messageOf(error));
    // Nothing else begins; the main thread ends this one.
    return await new Promise(() => setInterval(() => {}, LEAVE_MS));
  }
}

/** A worker is ready when it has all that its role, or the one it stands by for, needs. */
function whyNotReady(): string | undefined {
  if (!control.connected) return control.missing || `not connected to the coordinator at ${data.coordinator}`;
  const { phase } = board.read();
  return LOADING.includes(phase) ? phase : undefined;
}

function tell(message: ToCompute): void {
  follow(context, message);
  observeMessage('network', 'sent', message);
  data.port.postMessage(message, transferables(message));
  raise(data.counter);
}

function end(kind: Ending['kind'], reason: string): void {
  tell({ kind: 'ending', ending: { kind, reason } });
  // A compute thread that hangs in an op would outlive its run as an orphan.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LEAVE_MS).unref();
}

function disconnect(): void {
  client?.close();
  client = undefined;
}

/** Of the exchange: the next one may want its port. */
let closed: Promise<void> = Promise.resolve();

/** A worker that was the discriminator's has another role now. */
function stopServing(): void {
  closed = server?.[Symbol.asyncDispose]() ?? closed;
  server = undefined;
}

const control: ControlStream = new ControlStream(toCoordinator, {
  standby(preparation) {
    measures.take(preparation.run, '');
    tell({ kind: 'standby', preparation });
  },
  assigned(received) {
    measures.take(received.run, received.role);
    disconnect();
    if (received.role !== 'discriminator') stopServing();
    assignment = received;
    server?.expect(received.epoch, received.step + 1);
    tell({ kind: 'assign', epoch: received.epoch, assignment: received });
    const { role, epoch, step, threads } = received;
    log('info', 'role-assigned', `gets the role ${role}, at step ${step} (epoch ${epoch})`, { role, threads });
  },
  begin(begin) {
    computing = true;
    server?.expect(begin.epoch, begin.step);
    if (begin.exchange !== '') client ??= connect(begin);
    tell({ kind: 'begin', epoch: begin.epoch, begin });
  },
  committed(commit) {
    computing = commit.next !== null;
    if (commit.next) {
      server?.expect(commit.next.epoch, commit.next.step);
    }
    tell({ kind: 'commit', epoch: commit.epoch, commit });
  },
  restore(restore) {
    server?.expect(restore.epoch, restore.step + 1);
    disconnect();
    tell({ kind: 'restore', epoch: restore.epoch, restore });
    log('info', 'going-back', `goes back to step ${restore.step} (epoch ${restore.epoch})`);
  },
  fault: (fault) => faults.make(fault),
  state() {
    const { phase, milliseconds } = board.read();
    return {
      phase,
      phaseMs: Math.round(milliseconds),
      residentBytes: process.memoryUsage.rss(),
      peers: client === undefined ? (server?.peers ?? []) : [client.peer],
      stale: control.stale + (server?.stale ?? 0),
    };
  },
  lost(reason) {
    disconnect();
    tell({ kind: 'called-off', epoch: control.epoch, reason });
  },
  ended: end,
});

function connect({ exchange: address, epoch, step, sampleShape }: Begin__Output): ExchangeClient {
  const { role, config } = assignment as Assignment;
  const {
    batch,
    generators,
    exchangeDtype: dtype,
  } = config as Pick<TrainingConfig, 'batch' | 'generators' | 'exchangeDtype'>;
  return new ExchangeClient({
    address,
    dial: relays.through('discriminator', address),
    token: data.token,
    trust,
    epoch,
    generator: generatorOf(role, generators),
    shape: [batch, ...sampleShape],
    dtype,
    judged: tell,
    exchanged,
    ended: (kind, reason) => callOff({ epoch, step, peer: 'discriminator', kind, reason }),
  });
}

/** Somebody without a certificate that is trusted wanted to connect. */
function refused(peer: string, reason: string): void {
  const line = refusals.line(peer, reason);
  if (line !== undefined) log('warn', 'connection-refused', line);
}

async function handle(message: ToNetwork): Promise<void> {
  switch (message.kind) {
    case 'ready': {
      if (message.exchange && server === undefined) {
        const { host: name, listen: host, exchangePort: port, token } = data;
        await closed;
        const open = { name, host, port, token, trust, refused, received: tell, exchanged };
        server = await ExchangeServer.open({ ...message.exchange, ...open });
      }
      measures.ready(message.ready);
      if (message.ready.device === 'cuda') watchCard();
      const { engine, device } = message.ready;
      log('info', 'role-ready', `${roleName()} is ready, with ${engine} on ${device}`, { engine, device });
      return control.send({ ready: { ...message.ready, exchange: server?.address ?? '' } });
    }
    case 'vote':
      measures.voted(message.vote);
      return control.send({ vote: message.vote });
    case 'samples':
      return control.send({ samples: { ...message, data: Buffer.from(message.data.buffer as ArrayBuffer) } });
    case 'fakes':
      return client?.send(message);
    case 'judgements':
      return server?.answer(message);
    case 'save':
      return save(message);
    case 'load':
      return load(message);
    case 'failure': {
      const { reason, usage, leaving } = message;
      control.send({ failure: { reason, usage, leaving } });
      // The coordinator answers with Stop; the compute thread need not wait for one that does not.
      setTimeout(() => end('lost', reason), FAILURE_MS).unref();
      return undefined;
    }
  }
}

/** An upload that is refused since its epoch is over costs nothing; in this epoch, the checkpoint that waits for it. */
async function save(message: Extract<ToNetwork, { kind: 'save' }>): Promise<void> {
  try {
    await saveState(control.client, data.token, { ...message, role: roleName() });
  } catch (error) {
    const { epoch, step } = message;
    log('warn', 'state-not-kept', `the state of step ${step} was not kept: ${messageOf(error)}`);
    callOff({ epoch, step, peer: 'coordinator', kind: 'broken', reason: messageOf(error) });
  }
}

async function load({ epoch, step }: Extract<ToNetwork, { kind: 'load' }>): Promise<void> {
  try {
    const file = await loadState(control.client, data.token, { epoch, step, role: roleName() });
    tell({ kind: 'state', epoch, step, file });
  } catch (error) {
    const kind = error instanceof RefusedError ? 'refused' : 'broken';
    callOff({ epoch, step, peer: 'coordinator', kind, reason: messageOf(error) });
  }
}

/** This worker cannot go on with the step: it says so, and waits for what to do instead. */
function callOff(trouble: Trouble__Output): void {
  const { peer, kind, reason } = trouble;
  tell({ kind: 'called-off', epoch: trouble.epoch, reason });
  // After the last commit everyone leaves, one before the other.
  const level = computing ? 'warn' : 'debug';
  log(level, 'step-called-off', `cannot go on with the step in progress, ${peer}: ${reason}`, { peer, kind });
  control.send({ trouble });
}

function roleName(): string {
  return (assignment as Assignment).role;
}

let watching = false;

function watchCard(): void {
  if (watching) return;
  watching = true;
  const look = async () => {
    const reading = await readCard(process.env);
    if (reading !== undefined) measures.card(reading);
    setTimeout(() => void look(), CARD_MS).unref();
  };
  void look();
}

data.port.on('message', (message: ToNetwork) => {
  observeMessage('network', 'taken', message);
  handle(message).catch((error: unknown) => end('lost', messageOf(error)));
});
process.on('uncaughtException', (error) => end('lost', `the network thread failed: ${messageOf(error)}`));

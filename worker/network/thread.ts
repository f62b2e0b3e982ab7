/**
 * The network thread of a worker: gRPC to the coordinator and to the other roles, heartbeats, uploads.
 * It never computes, so it answers while the compute thread is inside a long op.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import { messageOf } from '../../common/errors.js';
import { raise } from '../inbox.js';
import { type Assignment, type Ending, type ToCompute, type ToNetwork, transferables } from '../messages.js';
import { ControlStream } from './control-stream.js';
import { ExchangeClient } from './exchange-client.js';
import { ExchangeServer } from './exchange-server.js';
import { loadState, saveState } from './state-transfer.js';

export interface NetworkThreadData {
  coordinator: string;
  token: string;
  /** Address on which a discriminator offers its exchange to the generators. */
  host: string;
  version: string;
  port: MessagePort;
  counter: Int32Array<SharedArrayBuffer>;
}

/** How long the compute thread may take to leave once the run is over, before the process is ended. */
const LEAVE_MS = 10_000;
/** How long the coordinator may take to answer a failure. */
const FAILURE_MS = 3000;

const data = workerData as NetworkThreadData;
let assignment: Assignment | undefined;
let server: ExchangeServer | undefined;
let client: ExchangeClient | undefined;

function tell(message: ToCompute): void {
  data.port.postMessage(message, transferables(message));
  raise(data.counter);
}

function end(kind: Ending['kind'], reason: string): void {
  tell({ kind: 'ending', ending: { kind, reason } });
  // A compute thread that hangs in an op would outlive its run as an orphan.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LEAVE_MS).unref();
}

const control = new ControlStream(data, {
  assigned(received) {
    assignment = received;
    tell({ kind: 'assign', assignment: received });
  },
  begin(begin) {
    server?.expect(begin.epoch, begin.step);
    if (begin.exchange !== '') client ??= connect(begin.exchange, begin.epoch, begin.sampleShape);
    client?.expect(begin.step);
    tell({ kind: 'begin', begin });
  },
  committed(commit) {
    if (commit.next) {
      server?.expect(commit.next.epoch, commit.next.step);
      client?.expect(commit.next.step);
    }
    tell({ kind: 'commit', commit });
  },
  restore(restore) {
    server?.expect(restore.epoch, restore.step + 1);
    client?.close();
    client = undefined;
    tell({ kind: 'restore', restore });
  },
  ended: end,
});

function connect(address: string, epoch: number, sample: readonly number[]): ExchangeClient {
  const { role, config } = assignment as Assignment;
  return new ExchangeClient({
    address,
    token: data.token,
    epoch,
    generator: Number(role.replace('generator-', '')),
    shape: [(config as { batch: number }).batch, ...sample],
    judged: tell,
    ended: (reason) => end('lost', reason),
  });
}

async function handle(message: ToNetwork): Promise<void> {
  switch (message.kind) {
    case 'ready': {
      if (message.exchange) {
        server = await ExchangeServer.open({ ...message.exchange, host: data.host, token: data.token, received: tell });
      }
      return control.send({ ready: { ...message.ready, exchange: server?.address ?? '' } });
    }
    case 'vote':
      return control.send({ vote: message.vote });
    case 'samples':
      return control.send({ samples: { ...message, data: Buffer.from(message.data.buffer as ArrayBuffer) } });
    case 'fakes':
      return client?.send(message);
    case 'judgement':
      return server?.answer(message);
    case 'save':
      return saveState(control.client, data.token, { ...message, role: (assignment as Assignment).role });
    case 'load': {
      const file = await loadState(control.client, data.token, { ...message, role: (assignment as Assignment).role });
      return tell({ kind: 'state', file });
    }
    case 'phase':
      control.phase = message.phase;
      return undefined;
    case 'failure':
      control.send({ failure: { reason: message.reason, usage: message.usage } });
      // The coordinator answers with Stop; the compute thread need not wait for one that does not.
      setTimeout(() => end('lost', message.reason), FAILURE_MS).unref();
      return undefined;
  }
}

data.port.on('message', (message: ToNetwork) => {
  handle(message).catch((error: unknown) => end('lost', messageOf(error)));
});
process.on('uncaughtException', (error) => end('lost', `the network thread failed: ${messageOf(error)}`));

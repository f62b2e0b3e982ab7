/** The one door to gRPC: servers, clients, the join token, and errors as statuses and back. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ChannelOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type UntypedServiceImplementation,
  credentials,
  status,
} from '@grpc/grpc-js';
import type { CoordinationClient } from '../proto/generated/duet/v1/Coordination.js';
import type { ExchangeClient } from '../proto/generated/duet/v1/Exchange.js';
import { loadContract } from '../proto/load.js';
import { DuetError, RefusedError, UsageError, messageOf } from './errors.js';

export type { ClientDuplexStream, ClientReadableStream, ClientWritableStream };
export type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream };
export { Metadata };

/** A data message of a tensor or a state holds at most this many bytes. */
export const CHUNK_BYTES = 1 << 20;
/** The longest control message is a generator's Samples; see SAMPLE_BYTES. */
const CONTROL_MESSAGE_BYTES = 4 << 20;
/** A chunk and its frame. grpc-js refuses a longer message from its length prefix, before it takes memory for it. */
const EXCHANGE_MESSAGE_BYTES = CHUNK_BYTES + 1024;
/** The largest state of a role that is taken: a network of 170 million weights with its moments. */
export const STATE_BYTES = 2 ** 31;
/** Samples of one generator fit in a control message with room to spare. */
export const SAMPLE_BYTES = 3 << 20;

/** The default HTTP/2 window of 64 KiB would make one MNIST batch wait for three round trips. */
const FLOW_CONTROL_WINDOW = 8 << 20;

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW,
  'grpc.max_send_message_length': CONTROL_MESSAGE_BYTES,
  // A connection whose peer vanished without a word (power, cable) is noticed within 20 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
};

/** How long a server that closes waits for its streams to end by themselves. */
const LAST_WORDS_MS = 2000;

const contract = loadContract();

/** Handlers for the calls of one service, by name. */
type Handlers = UntypedServiceImplementation;

export interface RpcServer extends AsyncDisposable {
  /** host:port, with the port that the system chose when 0 was asked for. */
  address: string;
}

interface ListenOptions {
  service: 'Coordination' | 'Exchange';
  handlers: Handlers;
  host: string;
  /** 0 picks a free one. */
  port: number;
}

/** @throws UsageError when the port is in use or the host is not an address of this machine */
export async function listen({ service, handlers, host, port }: ListenOptions): Promise<RpcServer> {
  const limit = service === 'Coordination' ? CONTROL_MESSAGE_BYTES : EXCHANGE_MESSAGE_BYTES;
  const server = new Server({ ...CHANNEL_OPTIONS, 'grpc.max_receive_message_length': limit });
  server.addService(contract.duet.v1[service].service, handlers);
  const bound = await bind(server, host, port);
  return {
    address: joinAddress(host, bound),
    async [Symbol.asyncDispose]() {
      // Last words (Stop) are still on their way; a peer that does not hang up is hung up on.
      await Promise.race([
        new Promise<void>((resolve) => server.tryShutdown(() => resolve())),
        sleep(LAST_WORDS_MS, undefined, { ref: false }),
      ]);
      server.forceShutdown();
    },
  };
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  if (port !== 0 && (await isPortTaken(host, port))) throw portInUse(host, port);
  try {
    return await new Promise((resolve, reject) => {
      server.bindAsync(joinAddress(host, port), ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
  } catch (error) {
    if (/EADDRINUSE/.test(messageOf(error))) throw portInUse(host, port);
    throw new UsageError(`cannot listen on ${joinAddress(host, port)}: ${messageOf(error)}`, { cause: error });
  }
}

/** grpc-js lets a second server share a port in some systems; a plain socket finds out. */
async function isPortTaken(host: string, port: number): Promise<boolean> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    probe.listen(port, host, () => probe.close(() => resolve(false)));
  });
}

function portInUse(host: string, port: number): UsageError {
  return new UsageError(
    `port ${port} on ${host} is in use (another run?): choose another with --port, or --port 0 for any free one`,
  );
}

export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function coordinationClient(address: string): CoordinationClient {
  return new contract.duet.v1.Coordination(address, credentials.createInsecure(), {
    ...CHANNEL_OPTIONS,
    'grpc.max_receive_message_length': CONTROL_MESSAGE_BYTES,
  });
}

export function exchangeClient(address: string): ExchangeClient {
  return new contract.duet.v1.Exchange(address, credentials.createInsecure(), {
    ...CHANNEL_OPTIONS,
    'grpc.max_receive_message_length': EXCHANGE_MESSAGE_BYTES,
  });
}

/**
 * The metadata of every call: the join token, and what else the call needs.
 *
 * @throws UsageError when the token cannot be one
 */
export function callMetadata(token: string, extra: Readonly<Record<string, string>> = {}): Metadata {
  // A metadata value is printable ASCII.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new UsageError('that is not a join token: give the file RUN/token of the run');
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  for (const [key, value] of Object.entries(extra)) metadata.set(key, value);
  return metadata;
}

/** @throws RefusedError UNAUTHENTICATED. Compared in constant time, by hash so that lengths do not show either. */
export function authorise(metadata: Metadata, token: string): void {
  const [given = ''] = metadata.get('authorization');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(String(given)), digest(`Bearer ${token}`))) {
    throw new RefusedError(
      'UNAUTHENTICATED',
      'wrong or missing join token: start the worker with the token file of this run',
    );
  }
}

/** Ends a call with the status that the error stands for. */
export function refuse(call: { emit(event: 'error', error: unknown): boolean }, error: unknown): void {
  call.emit('error', statusOf(error));
}

/** What a handler's callback or stream takes as its error. */
export function statusOf(error: unknown): { code: status; details: string } {
  const code = error instanceof RefusedError ? status[error.status] : status.INTERNAL;
  return { code, details: messageOf(error) };
}

/** A call's failure as one of our errors: a refusal keeps its reason, anything else says who could not be reached. */
export function rpcError(error: unknown, peer: string): DuetError {
  if (error instanceof DuetError) return error;
  const { code, details } = error as Partial<ServiceError>;
  const name = code === undefined ? undefined : status[code];
  switch (name) {
    case 'INVALID_ARGUMENT':
    case 'FAILED_PRECONDITION':
    case 'UNAUTHENTICATED':
    case 'ALREADY_EXISTS':
    case 'RESOURCE_EXHAUSTED':
    case 'DATA_LOSS':
    case 'NOT_FOUND':
      return new RefusedError(name, `${peer} refused: ${details ?? messageOf(error)}`, { cause: error });
    default:
      return new DuetError(`the connection to ${peer} failed: ${details ?? messageOf(error)}`, { cause: error });
  }
}

/** True when trying again may help: nobody answered (yet), as against being refused. */
export function isUnreachable(error: unknown): boolean {
  return (error as Partial<ServiceError>).code === status.UNAVAILABLE;
}

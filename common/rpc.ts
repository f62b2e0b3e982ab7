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
import { hostOf } from './hosts.js';
import { isPortTaken, portInUse } from './process/ports.js';
import { FLOW_CONTROL_WINDOW, widenWindows } from './rpc/flow-control.js';
import { serialisedOnce } from './rpc/once.js';
import { TlsChannelCredentials } from './rpc/tls-client.js';
import { type RefusedListener, listenTls } from './rpc/tls-server.js';
import type { Trust } from './trust/trust.js';

export type { ClientDuplexStream, ClientReadableStream, ClientWritableStream };
export type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream };
export { Metadata };
export type { RefusedListener };

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

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW,
  'grpc.max_send_message_length': CONTROL_MESSAGE_BYTES,
  // A connection whose peer vanished without a word (power, cable) is noticed within 20 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  // Whoever comes back is found soon, also at another address (a Pod's): the defaults are 30 s and up to 2 minutes.
  'grpc.dns_min_time_between_resolutions_ms': 1000,
  'grpc.initial_reconnect_backoff_ms': 500,
  'grpc.max_reconnect_backoff_ms': 2000,
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
  /** Mutual TLS; undefined: none. */
  trust?: Trust | undefined;
  /** Under TLS: told of whoever is refused. */
  refused?: RefusedListener | undefined;
}

/** @throws UsageError when the port is in use or the host is not an address of this machine */
export async function listen({
  service,
  handlers,
  host,
  port,
  trust,
  refused = () => {},
}: ListenOptions): Promise<RpcServer> {
  const limit = service === 'Coordination' ? CONTROL_MESSAGE_BYTES : EXCHANGE_MESSAGE_BYTES;
  const server = new Server({ ...CHANNEL_OPTIONS, 'grpc.max_receive_message_length': limit });
  server.addService(serialisedOnce(contract.duet.v1[service].service, 'Control'), handlers);
  const bound = await bind(server, { host, port, trust, refused });
  widenWindows(server);
  return {
    address: joinAddress(host, bound.port),
    async [Symbol.asyncDispose]() {
      bound.close();
      // Last words (Stop) are still on their way; a peer that does not hang up is hung up on.
      await Promise.race([
        new Promise<void>((resolve) => server.tryShutdown(() => resolve())),
        sleep(LAST_WORDS_MS, undefined, { ref: false }),
      ]);
      server.forceShutdown();
    },
  };
}

interface BindOptions {
  host: string;
  port: number;
  trust: Trust | undefined;
  refused: RefusedListener;
}

/** Of the listening socket. */
interface Bound {
  port: number;
  close(): void;
}

async function bind(server: Server, { host, port, trust, refused }: BindOptions): Promise<Bound> {
  if (port !== 0 && (await isPortTaken(host, port))) throw portInUse(host, port);
  try {
    if (trust !== undefined) return await listenTls(server, { host, port, trust, refused });
    return await new Promise((resolve, reject) => {
      server.bindAsync(joinAddress(host, port), ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve({ port: bound, close: () => {} }) : reject(error),
      );
    });
  } catch (error) {
    if (/EADDRINUSE/.test(messageOf(error))) throw portInUse(host, port);
    throw new UsageError(`cannot listen on ${joinAddress(host, port)}: ${messageOf(error)}`, { cause: error });
  }
}

export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** How a client connects. */
export interface Link {
  /** Mutual TLS; undefined: none. */
  trust?: Trust | undefined;
  /** host:port of the peer that is meant, where what is dialled is a relay in front of it: its name is verified. */
  peer?: string;
}

export function coordinationClient(address: string, link: Link = {}): CoordinationClient {
  const [channel, remember] = channelOf(address, link);
  return remember(
    new contract.duet.v1.Coordination(address, channel, {
      ...CHANNEL_OPTIONS,
      // The end of a connection is the end of a membership: several workers in one process have one each.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': CONTROL_MESSAGE_BYTES,
    }),
  );
}

export function exchangeClient(address: string, link: Link = {}): ExchangeClient {
  const [channel, remember] = channelOf(address, link);
  return remember(
    new contract.duet.v1.Exchange(address, channel, {
      ...CHANNEL_OPTIONS,
      'grpc.max_receive_message_length': EXCHANGE_MESSAGE_BYTES,
    }),
  );
}

/** By client: what knows why its connection fails. */
const secured = new WeakMap<object, TlsChannelCredentials>();

function channelOf(address: string, { trust, peer = address }: Link) {
  const tls = trust === undefined ? undefined : new TlsChannelCredentials(trust, hostOf(peer));
  const remember = <T extends object>(client: T): T => {
    if (tls !== undefined) secured.set(client, tls);
    return client;
  };
  return [tls ?? credentials.createInsecure(), remember] as const;
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

/**
 * A call's failure as one of our errors: a refusal keeps its reason, anything else says who could not be reached.
 *
 * @param client that made the call: it knows what is wrong with TLS
 */
export function rpcError(error: unknown, peer: string, client?: object): DuetError {
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
    default: {
      const reason = connectionReason(details ?? messageOf(error), client && secured.get(client));
      return new DuetError(`the connection to ${peer} failed: ${reason}`, { cause: error });
    }
  }
}

const NOT_ESTABLISHED =
  /^No connection established\. Last error: (?:Error: )?(.*?)(?: \(\d{4}-\S+Z\))?\. Resolution note: /s;

/** What grpc-js says of a connection that never was, without its wrapping; under TLS what the handshake says. */
function connectionReason(details: string, tls: TlsChannelCredentials | undefined): string {
  const last = NOT_ESTABLISHED.exec(details)?.[1];
  if (last === undefined) return details;
  if (tls?.failure !== undefined) return tls.failure;
  if (tls !== undefined || /^connect E/.test(last)) return last;
  return `${last}: it may want TLS (was it started with --tls-cert?)`;
}

/** True when trying again may help: nobody answered (yet), as against being refused. */
export function isUnreachable(error: unknown): boolean {
  return (error as Partial<ServiceError>).code === status.UNAVAILABLE;
}

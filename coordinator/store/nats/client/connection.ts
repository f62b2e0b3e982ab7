/** A connection to a NATS server that can hold runs. */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, type NatsConnection, connect, errors } from '@nats-io/transport-node';
import { UsageError } from '../../../../common/errors.js';
import type { TrustFiles } from '../../../../common/trust/files.js';
import { credentialsOf } from './credentials.js';
import { NO_JETSTREAM, usageError } from './failures.js';
import { Patience } from './patience.js';
import { tlsAlertOf } from './tls-probe.js';
import { parseNatsUrl } from './url.js';

/** Streams with several replicas are placed on this many servers. */
const REPLICAS = 3;
const OLDEST = [2, 10] as const;
/** At the start a server may come up a little later than the coordinator, and its name too. */
const START_MS = 60_000;
const DIAL_MS = 5000;
/** A server that is silent for two of them is looked for anew. */
const PING_MS = 5000;

export interface NatsOptions {
  /** nats://HOST:PORT, or tls://HOST:PORT for one that must do TLS. */
  url: string;
  /** File: .creds, the seed of an nkey, USER:PASSWORD or a token. */
  credentials?: string;
  /** Files, read anew for every connection. */
  tls?: TrustFiles;
  /** Unencrypted to another host, in a network that is to be trusted. */
  insecure?: boolean;
  /** How long a server may take to be there, milliseconds (default a minute). */
  startMs?: number;
  /** Told once when the server does not answer at once. */
  waiting(text: string): void;
}

export interface Nats {
  /** Without any secret. */
  name: string;
  connection: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  /** For what is made there. */
  replicas: number;
}

/** @throws UsageError naming what is wrong with the URL, the credentials, the certificates or the server */
export async function connectNats(options: NatsOptions): Promise<Nats> {
  const { name, hostPort, tls } = parseNatsUrl(options.url, {
    insecure: options.insecure === true,
    tls: options.tls !== undefined,
  });
  const settings: ConnectionOptions = {
    servers: hostPort,
    name: 'duet',
    timeout: DIAL_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    reconnectJitterTLS: 250,
    pingInterval: PING_MS,
    maxPingOut: 2,
    // Credentials that are refused for a while must not end a run for good.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(options.credentials === undefined ? {} : { authenticator: credentialsOf(options.credentials) }),
    ...(tls || options.tls !== undefined ? { tls: tlsOf(options.tls) } : {}),
  };
  const patience = new Patience(name, options.startMs ?? START_MS, options.waiting);
  const dial = async () => {
    try {
      return await connect(settings);
    } catch (error) {
      const { hostname, port } = new URL(`nats://${hostPort}`);
      const silent = settings.tls && error instanceof errors.TimeoutError;
      throw (silent && (await tlsAlertOf(hostname, Number(port), options.tls))) || error;
    }
  };
  const connection = await patience.until(dial).catch((error: unknown) => {
    throw usageError(name, error);
  });
  try {
    assertUsable(name, connection);
    const jsm = await patience.until(() => jetstreamManager(connection));
    return { name, connection, js: jetstream(connection), jsm, replicas: connection.info?.cluster ? REPLICAS : 1 };
  } catch (error) {
    await connection.close();
    throw usageError(name, error);
  }
}

const tlsOf = (tls: NatsOptions['tls']) =>
  tls === undefined ? {} : { certFile: tls.cert, keyFile: tls.key, caFile: tls.ca };

function assertUsable(name: string, { info }: NatsConnection): void {
  const version = info?.version ?? 'unknown';
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major === undefined || minor === undefined || major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new UsageError(
      `--store ${name} cannot be used: it runs nats-server ${version}, and at least ${OLDEST.join('.')} is needed: upgrade it`,
    );
  }
  if (info?.jetstream !== true) throw new UsageError(`--store ${name} cannot be used: ${NO_JETSTREAM}`);
}

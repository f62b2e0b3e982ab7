/** The address of a NATS store, as --store takes it. Without a client of NATS: a start looks at it before it needs one. */
import { UsageError } from '../../../../common/errors.js';
import { type Protection, isLoopback } from '../../../../common/hosts.js';

const DEFAULT_PORT = 4222;

export interface NatsAddress {
  /** For people: with the port, without any secret. */
  name: string;
  hostPort: string;
  /** tls: the server must do TLS. */
  tls: boolean;
}

/** @throws UsageError when it is none, holds a secret, or would send a run unencrypted over a network, without protection */
export function parseNatsUrl(given: string, { insecure, tls }: Protection): NatsAddress {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  // Never repeat what may hold a password.
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new UsageError(
      `the URL of --store holds a user or a password, which others can read in the list of processes: leave them away, and give --store-credentials FILE`,
    );
  }
  if (
    url === undefined ||
    !['nats:', 'tls:'].includes(url.protocol) ||
    url.hostname === '' ||
    !['', '/'].includes(url.pathname) ||
    url.search + url.hash !== ''
  ) {
    throw new UsageError(`--store ${given} is not possible: choose file, nats://HOST:PORT or tls://HOST:PORT`);
  }
  const encrypted = tls === true || url.protocol === 'tls:';
  if (!encrypted && !insecure && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
    throw new UsageError(
      `--store ${given} would send the run over the network without encryption: give --tls-cert, --tls-key and --tls-ca (mutual TLS), or tls://${url.host}, or add --insecure in a network that you trust`,
    );
  }
  const hostPort = `${url.hostname}:${url.port === '' ? DEFAULT_PORT : url.port}`;
  return { name: `${url.protocol}//${hostPort}`, hostPort, tls: url.protocol === 'tls:' };
}

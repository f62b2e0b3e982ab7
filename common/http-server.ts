/** HTTP servers for people and Prometheus to look at a run: they answer GET and HEAD, change nothing and know no secret. */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError, messageOf } from './errors.js';
import { isLoopback } from './hosts.js';
import { isTaken } from './process/ports.js';

export interface HttpOptions {
  host: string;
  port: number;
  /** Another free port is as good when that one is taken. */
  fallback: boolean;
  /** The flag that chooses the port, for messages. */
  flag: string;
  /** Answers a path (without the query). May be left unanswered: then it is 404. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

export interface HttpServer extends AsyncDisposable {
  host: string;
  port: number;
  /** http://host:port */
  url: string;
}

/** Nothing of a page comes from elsewhere, and nobody frames it. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** A slow reader must not hold a connection for ever. */
const REQUEST_MS = 10_000;

/** @throws UsageError when the port is in use or the host is not an address of this machine */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port, fallback, flag } = options;
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, `${messageOf(error)}\n`);
      else response.destroy();
    });
  });
  const listen = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await listen(port);
  } catch (error) {
    const taken = isTaken(error);
    if (taken && fallback) await listen(0);
    else if (taken) {
      throw new UsageError(
        `port ${port} on ${host} is in use (another run?): choose another with ${flag}, or ${flag} 0 for any free one`,
      );
    } else throw new UsageError(`cannot listen on ${urlHost(host)}:${port}: ${messageOf(error)}`, { cause: error });
  }
  const bound = (server.address() as AddressInfo).port;
  return {
    host,
    port: bound,
    url: `http://${urlHost(host)}:${bound}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  { host, answer }: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    // What it wanted to say is not read.
    response.setHeader('connection', 'close');
    return send(response, 405, 'only GET and HEAD are answered\n');
  }
  // A page of elsewhere whose name was made to point here (DNS rebinding) must not read a run.
  if (isLoopback(host) && !isLoopbackName(request.headers.host)) {
    return send(response, 403, 'this address answers to localhost only\n');
  }
  await answer((request.url ?? '/').split('?')[0] ?? '/', request, response);
  if (!response.headersSent && !response.writableEnded) send(response, 404, 'there is nothing here\n');
}

function isLoopbackName(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host ?? '')?.[1] ?? '';
  return isLoopback(name.replace(/^\[|\]$/g, ''));
}

/** A whole answer. */
export function send(response: ServerResponse, status: number, body: string | Uint8Array, type = 'text/plain'): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const charset = type.startsWith('text/') || type.endsWith('json') ? '; charset=utf-8' : '';
  response.writeHead(status, {
    'content-type': type.includes(';') ? type : `${type}${charset}`,
    'content-length': bytes.length,
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

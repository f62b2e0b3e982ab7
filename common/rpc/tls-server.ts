/** The listening end of mutual TLS: nobody without a certificate of the trusted authorities gets as far as gRPC. */
import type { AddressInfo, Socket } from 'node:net';
import { type TLSSocket, createServer } from 'node:tls';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Trust } from '../trust/trust.js';
import { FOREIGN } from './tls-errors.js';

/** How long a client may take for the handshake. */
const HANDSHAKE_MS = 10_000;
/** More connections than any run has; what is beyond is closed. */
const MOST_CONNECTIONS = 1024;

/** Told of a connection that was refused before gRPC saw it. @param peer its address */
export type RefusedListener = (peer: string, reason: string) => void;

interface TlsListenOptions {
  host: string;
  port: number;
  trust: Trust;
  refused: RefusedListener;
}

/**
 * Listens, and hands connections whose client is verified to the gRPC server.
 *
 * grpc-js's own TLS server drops a client that it refuses without a word; this one says why.
 */
export async function listenTls(server: Server, { host, port, trust, refused }: TlsListenOptions) {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const secure = createServer({
    ...trust.contextOptions,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE_MS,
  });
  secure.maxConnections = MOST_CONNECTIONS;
  const forget = trust.onRenewed(() => secure.setSecureContext(trust.contextOptions));
  secure.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    // Duet's clients never resume a session: one that does would go by a certificate that was looked at long ago.
    if (socket.isSessionReused()) {
      refused(peerOf(socket), 'it wants to resume a TLS session');
      socket.destroy();
    } else injector.injectConnection(socket);
  });
  secure.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    refused(peerOf(socket), refusalReason(error, socket.authorizationError));
    socket.destroy();
  });
  // Node forgets an address with its connection, unless it was asked for it before.
  secure.prependListener('connection', ({ remoteAddress }: Socket) => remoteAddress);
  await new Promise<void>((resolve, reject) => {
    secure.once('error', reject);
    secure.listen(port, host, () => {
      secure.off('error', reject);
      resolve();
    });
  });
  return {
    port: (secure.address() as AddressInfo).port,
    close(): void {
      forget();
      secure.close();
    },
  };
}

function peerOf(socket: TLSSocket): string {
  const parent = (socket as { _parent?: { remoteAddress?: string } })._parent;
  return socket.remoteAddress ?? parent?.remoteAddress ?? 'an unknown address';
}

function refusalReason(
  { code = '', reason = code }: NodeJS.ErrnoException & { reason?: string },
  authorization: unknown,
): string {
  if (typeof authorization === 'string' && authorization !== '') return clientReason(authorization);
  if (/PEER_DID_NOT_RETURN_A_CERTIFICATE/.test(code))
    return 'it shows no certificate: start it with --tls-cert, --tls-key and --tls-ca';
  if (/HTTP_REQUEST|WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|BAD_RECORD_TYPE|PACKET_LENGTH/.test(code)) {
    return `what it sends is not TLS (${code.replace('ERR_SSL_', '').toLowerCase().replaceAll('_', ' ')}): a worker or client without --tls-cert?`;
  }
  if (/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/.test(code)) return 'it does not speak TLS 1.3';
  if (/ALERT/.test(code))
    return `it refuses this process's certificate (${code.replace('ERR_SSL_', '').toLowerCase().replaceAll('_', ' ')})`;
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return `no TLS handshake within ${HANDSHAKE_MS / 1000} s`;
  if (code === 'ECONNRESET') return "it went away during the handshake (does it take this process's certificate?)";
  return `the TLS handshake failed: ${reason}`;
}

/** @param code of OpenSSL's verification */
function clientReason(code: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return "its certificate, or its authority's, has expired";
    case 'CERT_NOT_YET_VALID':
      return "its certificate, or its authority's, is not valid yet";
    case 'INVALID_PURPOSE':
      return 'its certificate may not be used as a TLS client';
    default:
      return FOREIGN.has(code)
        ? 'its certificate is not of an authority in --tls-ca'
        : `its certificate is refused (${code})`;
  }
}

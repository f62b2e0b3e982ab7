/**
 * Why a server says nothing under TLS. In TLS 1.3 it looks at the client's certificate when the client takes the handshake for done; the NATS
 * client then waits in vain and does not tell the alert, which names the reason.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { NatsOptions } from './connection.js';

const WAIT_MS = 1000;

/** @returns the error with which the server ended the handshake; undefined when it did not */
export async function tlsAlertOf(host: string, port: number, tls: NatsOptions['tls']): Promise<Error | undefined> {
  const signal = AbortSignal.timeout(WAIT_MS);
  const socket = connect(port, host);
  socket.on('error', () => {});
  try {
    // The line INFO; then either end may speak TLS.
    await once(socket, 'data', { signal });
    const files = tls && { cert: readFileSync(tls.cert), key: readFileSync(tls.key), ca: readFileSync(tls.ca) };
    const secure = connectTls({ socket, servername: host, ...files });
    // Data, or an end without an error: it is not the certificate.
    await once(secure, 'close', { signal });
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code?.startsWith('ERR_SSL') ? (error as Error) : undefined;
  } finally {
    socket.destroy();
  }
}

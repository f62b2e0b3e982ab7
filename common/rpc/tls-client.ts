/** The dialling end of mutual TLS: each connection is made with the process's identity as it is then. */
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { CallCredentials, ChannelCredentials, type experimental } from '@grpc/grpc-js';
import { dateOf } from '../trust/identity.js';
import type { Trust } from '../trust/trust.js';
import { FOREIGN } from './tls-errors.js';

/** How long the other side may take for the handshake. */
const HANDSHAKE_MS = 10_000;

interface Dates {
  valid_from?: string;
  valid_to?: string;
}

export class TlsChannelCredentials extends ChannelCredentials {
  readonly #trust: Trust;
  /** That the peer's certificate must have: a host name or an address. */
  readonly #name: string;
  #failure: string | undefined;

  constructor(trust: Trust, name: string) {
    super();
    this.#trust = trust;
    this.#name = name;
  }

  /** Why the newest connection did not come about, or ended; undefined: TLS is not the reason. */
  get failure(): string | undefined {
    return this.#failure;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials?: CallCredentials,
  ): experimental.SecureConnector {
    const credentials = callCredentials ?? CallCredentials.createEmpty();
    return {
      connect: (socket) => this.#connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => credentials,
      destroy: () => {},
    };
  }

  async #connect(socket: Socket): Promise<experimental.SecureConnectResult> {
    const name = this.#name;
    this.#failure = undefined;
    return await new Promise((resolve, reject) => {
      const secured = connect({
        socket,
        secureContext: this.#trust.context,
        host: name,
        // An address is no name that TLS could ask for (RFC 6066); it is verified all the same.
        ...(isIP(name) === 0 ? { servername: name } : {}),
        ALPNProtocols: ['h2'],
        rejectUnauthorized: true,
      });
      let dates: Dates = {};
      let shaken = false;
      secured.prependListener('secure' as never, () => (dates = secured.getPeerCertificate()));
      const overdue = setTimeout(
        () => secured.destroy(new Error(`no TLS handshake within ${HANDSHAKE_MS / 1000} s`)),
        HANDSHAKE_MS,
      );
      secured.once('secureConnect', () => {
        shaken = true;
        clearTimeout(overdue);
        resolve({ socket: secured, secure: true });
      });
      secured.on('error', (error: NodeJS.ErrnoException) => {
        this.#failure = this.#reasonOf(error, dates, shaken);
        reject(error);
      });
      secured.once('close', () => {
        clearTimeout(overdue);
        // With TLS 1.3 a client is through before the server has looked at its certificate.
        this.#failure ??= this.#reasonOf(undefined, dates, shaken);
        reject(new Error('the connection was closed'));
      });
    });
  }

  #reasonOf(
    error: NodeJS.ErrnoException | undefined,
    { valid_from: from, valid_to: to }: Dates,
    shaken: boolean,
  ): string {
    const own = this.#trust.untimely;
    const reason = serverReason(error, this.#name, from, to) ?? alertReason(error);
    if (reason !== undefined) return own === undefined ? reason : `${reason} (${own})`;
    if (own !== undefined) return own;
    const said = error === undefined ? 'it closed the connection' : error.message;
    return shaken
      ? `${said} after the TLS handshake: it takes this process's certificate not, or is ending (its log tells)`
      : `${said} during the TLS handshake: it may speak no TLS (was it started without --tls-cert?), or be ending`;
  }
}

/** What is wrong with the certificate that the server has shown. */
function serverReason(
  error: NodeJS.ErrnoException | undefined,
  name: string,
  from: string | undefined,
  to: string | undefined,
): string | undefined {
  switch (error?.code) {
    case 'CERT_HAS_EXPIRED':
      return `its certificate, or its authority's, has expired${to === undefined ? '' : ` (valid until ${dateOf(to)})`}: it has to be renewed there`;
    case 'CERT_NOT_YET_VALID':
      return `its certificate, or its authority's, is not valid yet${from === undefined ? '' : ` (from ${dateOf(from)})`}: check the clocks`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is not for ${name} but for ${altNames(error)}: it has to be issued with the name that is dialled`;
    case 'INVALID_PURPOSE':
      return 'its certificate may not be used as a TLS server: it has to be issued with the usages server auth and client auth';
    default:
      return FOREIGN.has(error?.code ?? '')
        ? 'its certificate is not of an authority in --tls-ca: both sides have to trust the same'
        : undefined;
  }
}

function altNames(error: NodeJS.ErrnoException): string {
  const { cert } = error as { cert?: { subjectaltname?: string } };
  return cert?.subjectaltname ?? 'no name at all';
}

/** What the server has said of this side, as a TLS alert, or that it speaks no TLS. */
function alertReason(error: NodeJS.ErrnoException | undefined): string | undefined {
  const { code = '', message } = error ?? { message: '' };
  if (
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code) ||
    /wrong version number|packet length too long/.test(message)
  ) {
    return 'it speaks no TLS: start it with --tls-cert, --tls-key and --tls-ca, too, or this process without';
  }
  const alert = /alert (certificate required|bad certificate|certificate expired|unknown ca|[a-z ]+?)(?::|$)/.exec(
    message,
  )?.[1];
  return alert === undefined ? undefined : `it refuses this process (TLS alert: ${alert})`;
}

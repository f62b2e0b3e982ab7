/** What an error of the NATS client means to a run. */
import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { DuetError, UsageError, messageOf } from '../../../../common/errors.js';

/** Of JetStream's own list of errors (nats-server, server/errors.json). */
const WRONG_LAST_SEQUENCE = new Set([10071, 10164]);
const NOT_FOUND = 10059;
const NO_SPACE = new Set([10002, 10023, 10026, 10027, 10028, 10047, 10077, 10110, 10122]);
const NO_REPLICAS = new Set([10005, 10074]);

export const isWrongSequence = (error: unknown) => hasCode(error, (code) => WRONG_LAST_SEQUENCE.has(code));
export const isNotFound = (error: unknown) => hasCode(error, (code) => code === NOT_FOUND);
export const hasNoReplicas = (error: unknown) => hasCode(error, (code) => NO_REPLICAS.has(code));

/** Nobody takes what was published: the stream is gone, or has no leader for now. */
export const isUnanswered = (error: unknown) =>
  causesOf(error).some((cause) => cause instanceof errors.NoRespondersError);

function hasCode(error: unknown, fits: (code: number) => boolean): boolean {
  return error instanceof JetStreamApiError && fits(error.code);
}

/** What OpenSSL says, of which only the reason is for people. */
const OPENSSL = /^.*SSL routines:[^:]*:([^:]+):.*$/s;

/**
 * never: nothing will change it. soon: it passes, mostly, and at the start is worth a minute's wait. mended: somebody must do something
 * at the server; a run that trains waits for that, one that starts says so.
 */
export type Outlook = 'never' | 'soon' | 'mended';

export interface Failure {
  outlook: Outlook;
  /** What is wrong and what to do, after the store's name. */
  text: string;
}

export function failureOf(error: unknown): Failure {
  const all = causesOf(error);
  const code = all.map((cause) => (cause as NodeJS.ErrnoException).code).find((found) => typeof found === 'string');
  if (all.some((cause) => cause instanceof errors.PermissionViolationError)) {
    const forbidden = all.find((cause) => cause instanceof errors.PermissionViolationError);
    return mended(
      `this user may not ${forbidden?.operation ?? 'use'} ${forbidden?.subject ?? ''}: give it the permissions of docs/store.md`,
    );
  }
  if (
    all.some(
      (cause) => cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError,
    )
  ) {
    return mended('it refuses the credentials: give those of a user that it knows with --store-credentials FILE');
  }
  if (hasCode(error, (found) => NO_SPACE.has(found))) {
    return mended(`it has no room (${messageOf(error)}): delete runs, or raise its limits of storage`);
  }
  if (isNotFound(error)) return { outlook: 'never', text: 'what it had of the run has been deleted there' };
  const tls = tlsFailure(code, messageOf(error).replace(OPENSSL, '$1'));
  if (tls !== undefined) return mended(tls);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return soon('its name does not resolve: look at the host of --store');
  if (all.some((cause) => cause instanceof errors.ClosedConnectionError))
    return { outlook: 'never', text: 'the connection is closed' };
  if (isUnanswered(error)) {
    return soon('its JetStream does not answer: look whether it is on, and has a leader');
  }
  if (/jetstream (is )?not enabled/i.test(messageOf(error))) return mended(NO_JETSTREAM);
  if (error instanceof JetStreamApiError) {
    return error.status >= 500 || error.status === 408
      ? soon(`it cannot for now (${error.message})`)
      : { outlook: 'never', text: `it refuses (${error.message}, error ${error.code})` };
  }
  if (error instanceof DuetError) return { outlook: 'never', text: error.message };
  if (isOfTheNetwork(all, code))
    return soon(`it does not answer (${code ?? messageOf(error)}): look whether it runs there`);
  return { outlook: 'never', text: messageOf(error) };
}

export const NO_JETSTREAM = 'JetStream is off there: start nats-server with --jetstream, or enable it for this account';

/** @returns what to throw for a failure that the user has to mend */
export function usageError(name: string, error: unknown): DuetError {
  if (error instanceof DuetError) return error;
  return new UsageError(`--store ${name} cannot be used: ${failureOf(error).text}`, { cause: error });
}

function isOfTheNetwork(all: readonly unknown[], code: string | undefined): boolean {
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return true;
  return all.some(
    (cause) =>
      cause instanceof errors.TimeoutError ||
      cause instanceof errors.ConnectionError ||
      cause instanceof errors.RequestError ||
      cause instanceof errors.DrainingConnectionError ||
      cause instanceof errors.ProtocolError ||
      cause instanceof JetStreamError,
  );
}

function tlsFailure(code: string | undefined, message: string): string | undefined {
  if (/does not support 'tls'|tls.*not available/i.test(message)) {
    return 'the server does no TLS: give it a certificate, or ask for none (nats://, without --tls-cert)';
  }
  if (code === 'CERT_HAS_EXPIRED' || /certificate.?(has)?.?expired/i.test(`${code} ${message}`)) {
    return `a certificate has expired (${message}): renew it`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another name (${message}): give --store the name that it has`;
  }
  if (
    /CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_OSSL|ERR_TLS|EPROTO/.test(code ?? '') ||
    /certificate|\bssl\b/i.test(message)
  ) {
    return `the TLS handshake failed (${message}): its certificate and that of --tls-cert must both be of the authority of --tls-ca`;
  }
  return undefined;
}

const mended = (text: string): Failure => ({ outlook: 'mended', text });
const soon = (text: string): Failure => ({ outlook: 'soon', text });

function causesOf(error: unknown): Error[] {
  const all: Error[] = [];
  for (let one = error; one instanceof Error && all.length < 10; one = one.cause) all.push(one);
  return all;
}

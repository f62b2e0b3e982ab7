/** What a process shows and trusts under mutual TLS, read from its files and checked before anybody else sees it. */
import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { checkServerIdentity } from 'node:tls';
import { UsageError } from '../errors.js';
import type { TrustFiles } from './files.js';

/** What the certificate must be good for. */
export interface Demands {
  /** Names and addresses by which others dial this process. */
  names: readonly string[];
  /** server: others dial it. client: it dials others. */
  uses: readonly Use[];
}
export type Use = 'server' | 'client';

/** Contents of the files. */
export interface Pem {
  cert: Buffer;
  key: Buffer;
  ca: Buffer;
}

export interface Identity extends Pem {
  certificate: X509Certificate;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
/** Object identifiers of the extended key usages. */
const USES: Readonly<Record<Use, string>> = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };
/** Longer than any chain: what goes round ends. */
const LONGEST_CHAIN = 10;

/** @throws UsageError for a file that cannot be read */
export function readPem({ cert, key, ca }: TrustFiles): Pem {
  return { cert: read('--tls-cert', cert), key: read('--tls-key', key), ca: read('--tls-ca', ca) };
}

/** @throws UsageError, one sentence, for whatever would make a connection fail for certain */
export function identityOf(files: TrustFiles, pem: Pem, { names, uses }: Demands, now = Date.now()): Identity {
  const { cert, key, ca } = pem;
  const [certificate, ...intermediates] = certificatesOf('--tls-cert', files.cert, cert);
  const authorities = certificatesOf('--tls-ca', files.ca, ca);
  if (certificate === undefined) throw noCertificate('--tls-cert', files.cert);
  const what = `the certificate of --tls-cert ${files.cert} (${nameOf(certificate)})`;
  if (!certificate.checkPrivateKey(keyOf(files.key, key))) {
    throw new UsageError(
      `--tls-key ${files.key} does not belong to the certificate of --tls-cert ${files.cert}: give the key that it was issued for`,
    );
  }
  const untimely = untimelinessOf(certificate, now);
  if (untimely !== undefined) throw new UsageError(`${what} ${untimely}`);
  const unfounded = unfoundednessOf(certificate, intermediates, authorities, now);
  if (unfounded !== undefined)
    throw new UsageError(`${what} was not issued by an authority of --tls-ca ${files.ca}: ${unfounded}`);
  for (const use of uses) {
    // What the field's name promises is Node's keyUsage: the extended one; absent: good for all.
    const allowed = certificate.keyUsage as string[] | undefined;
    if (allowed !== undefined && !allowed.includes(USES[use])) {
      throw new UsageError(
        `${what} may not be used as a TLS ${use}: issue it with the usages server auth and client auth`,
      );
    }
  }
  for (const name of names) {
    if (isNamed(certificate, name)) continue;
    throw new UsageError(
      `${what} is not valid for ${name}, by which others reach this process (it names ${certificate.subjectAltName ?? 'nothing'}): issue it with that name, or give another --host`,
    );
  }
  return { ...pem, certificate };
}

/** Undefined: it is within its dates. */
export function untimelinessOf(certificate: X509Certificate, now: number): string | undefined {
  if (now > Date.parse(certificate.validTo)) return `expired on ${dateOf(certificate.validTo)}: renew it`;
  if (now >= Date.parse(certificate.validFrom)) return undefined;
  return `is not valid before ${dateOf(certificate.validFrom)}: wait until then, or set this machine's clock`;
}

export function dateOf(text: string): string {
  return new Date(text).toISOString().replace('.000Z', 'Z');
}

/** For people. */
export function nameOf(certificate: X509Certificate): string {
  return (certificate.subject || certificate.subjectAltName || 'without a name').replaceAll('\n', ', ');
}

/** As a peer that dials this name sees it. */
function isNamed(certificate: X509Certificate, name: string): boolean {
  return checkServerIdentity(name, certificate.toLegacyObject()) === undefined;
}

/** Why no authority stands behind it; undefined: one does. */
function unfoundednessOf(
  certificate: X509Certificate,
  intermediates: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: number,
): string | undefined {
  let last = certificate;
  let expired: X509Certificate | undefined;
  for (let length = 0; length < LONGEST_CHAIN; length += 1) {
    if (authorities.some((each) => each.raw.equals(last.raw)) && issued(last, last)) return undefined;
    const issuers = [...authorities, ...intermediates].filter((each) => each !== last && issued(each, last));
    const issuer = issuers.find((each) => untimelinessOf(each, now) === undefined);
    if (issuer === undefined) {
      expired = issuers[0];
      break;
    }
    last = issuer;
  }
  if (expired === undefined) return `its issuer is ${last.issuer.replaceAll('\n', ', ')}, give that one's file`;
  return `its issuer, ${nameOf(expired)}, ${untimelinessOf(expired, now) ?? ''}`;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function read(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'no permission' : code;
    throw new UsageError(`cannot read ${flag} ${file}: ${reason ?? 'unknown error'}`, { cause: error });
  }
}

function certificatesOf(flag: string, file: string, pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').match(BLOCK) ?? [];
  try {
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length > 0) return certificates;
  } catch (error) {
    throw new UsageError(`${flag} ${file} holds a certificate that cannot be read: it is damaged`, { cause: error });
  }
  throw noCertificate(flag, file);
}

function noCertificate(flag: string, file: string): UsageError {
  return new UsageError(`${flag} ${file} holds no certificate: give a PEM file (-----BEGIN CERTIFICATE-----)`);
}

function keyOf(file: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause stays here: nothing of a key gets into a message.
    throw new UsageError(
      `--tls-key ${file} holds no private key that can be read: give an unencrypted PEM file (-----BEGIN PRIVATE KEY-----)`,
    );
  }
}

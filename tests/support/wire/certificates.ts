/** Certificate authorities and certificates for tests, as cert-manager makes them: PEM files, with any names and dates. */
// @peculiar/x509 finds its parts by it.
import 'reflect-metadata';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
  cryptoProvider,
} from '@peculiar/x509';
import type { TrustFiles } from '../../../common/trust/files.js';

cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;
const USES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

export interface CertificateWishes {
  /** DNS names and IP addresses; default: those of this machine. */
  names?: readonly string[];
  from?: Date;
  until?: Date;
  uses?: readonly (keyof typeof USES)[];
}

export interface Issued {
  /** PEM. */
  cert: string;
  key: string;
}

export interface Authority {
  /** PEM of its own certificate. */
  pem: string;
  issue(name: string, wishes?: CertificateWishes): Promise<Issued>;
}

export async function makeAuthority(name = 'Duet test authority'): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys: keys as never,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + 24 * HOUR_MS),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    pem: pemOf(certificate),
    issue: (subject, wishes = {}) => issue(certificate, keys, subject, wishes),
  };
}

async function issue(
  authority: X509Certificate,
  signer: webcrypto.CryptoKeyPair,
  subject: string,
  {
    names = ['localhost', '127.0.0.1'],
    from = new Date(Date.now() - HOUR_MS),
    until = new Date(Date.now() + HOUR_MS),
    uses = ['server', 'client'],
  }: CertificateWishes,
): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${subject}`,
    issuer: authority.subject,
    publicKey: keys.publicKey as never,
    signingKey: signer.privateKey as never,
    signingAlgorithm: ALGORITHM,
    notBefore: from,
    notAfter: until,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(uses.map((use) => USES[use])),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = key.match(/.{1,64}/g) ?? [];
  return {
    cert: pemOf(certificate),
    key: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

export interface SecretFolder extends TrustFiles {
  /** Replaces all three at once, as the kubelet does. */
  swap(issued: Issued, ca: string): void;
}

/** A Secret as Kubernetes mounts it: tls.crt, tls.key and ca.crt, links into ..data, which is a link that is swapped. */
export function secretFolder(path: string, issued: Issued, ca: string): SecretFolder {
  const files = { cert: 'tls.crt', key: 'tls.key', ca: 'ca.crt' };
  const data = join(path, '..data');
  let version = 0;
  const swap = ({ cert, key }: Issued, authorities: string) => {
    const before = `..version-${version}`;
    version += 1;
    const folder = join(path, `..version-${version}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, files.cert), cert);
    writeFileSync(join(folder, files.key), key, { mode: 0o600 });
    writeFileSync(join(folder, files.ca), authorities);
    symlinkSync(`..version-${version}`, `${data}_tmp`);
    renameSync(`${data}_tmp`, data);
    rmSync(join(path, before), { recursive: true, force: true });
  };
  swap(issued, ca);
  for (const name of Object.values(files)) symlinkSync(join('..data', name), join(path, name));
  return { cert: join(path, files.cert), key: join(path, files.key), ca: join(path, files.ca), swap };
}

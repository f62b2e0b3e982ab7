/** A stand-in for cert-manager: reads Certificates and Issuers, writes the Secrets with exactly what they ask for, with openssl. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratchFolder } from '../../support/machine/scratch.js';
import type { Api } from '../api/client.js';
import type { Keys, Metadata } from '../api/objects.js';
import { watch } from '../api/watch.js';

const AGAIN_MS = 100;
const GROUP = '/apis/cert-manager.io/v1';

interface Certificate {
  metadata: Metadata & { generation?: number };
  spec: {
    secretName: string;
    commonName?: string;
    dnsNames?: string[];
    ipAddresses?: string[];
    isCA?: boolean;
    duration?: string;
    usages?: string[];
    privateKey?: { algorithm?: string; encoding?: string; size?: number };
    issuerRef: { kind?: string; name: string };
  };
}

interface Issuer {
  spec: { selfSigned?: object; ca?: { secretName: string } };
}

export interface CertManager extends AsyncDisposable {
  /** As `cmctl renew` does: another key and certificate at once. Resolves when the Secret has them. */
  renew(namespace: string, certificate: string): Promise<void>;
}

const KEY_USAGE: Record<string, string> = {
  'digital signature': 'digitalSignature',
  'key encipherment': 'keyEncipherment',
  'cert sign': 'keyCertSign',
  'crl sign': 'cRLSign',
};
const EXTENDED_KEY_USAGE: Record<string, string> = { 'server auth': 'serverAuth', 'client auth': 'clientAuth' };

export function startCertManager(api: Api): CertManager {
  const scratch = scratchFolder();
  const ending = new AbortController();
  const issued = new Set<string>();
  // Its own key, and its own files meanwhile: two of one Certificate at a time would mix them.
  let working: Promise<unknown> = Promise.resolve();
  const issueNext = (certificate: Certificate) => {
    const done = working.then(() => issue(api, scratch.path, certificate));
    working = done.catch(() => undefined);
    return done;
  };
  const issueInTime = async (certificate: Certificate): Promise<void> => {
    while (!ending.signal.aborted) {
      // An issuer may come after what it signs.
      if (await issueNext(certificate).catch(() => false)) return;
      await sleep(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  void watch<Certificate>(api, `${GROUP}/certificates`, ending.signal, (certificate, change) => {
    const version = `${certificate.metadata.uid} ${certificate.metadata.generation ?? 0}`;
    if (change === 'gone' || issued.has(version)) return;
    issued.add(version);
    void issueInTime(certificate);
  });
  return {
    async renew(namespace, name) {
      const certificate = await api.get<Certificate>(`${GROUP}/namespaces/${namespace}/certificates/${name}`);
      if (!(await issueNext(certificate))) throw new Error(`${name} has no issuer that is ready`);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await working;
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** @returns false when its issuer is not there yet */
async function issue(api: Api, folder: string, { metadata, spec }: Certificate): Promise<boolean> {
  const namespace = metadata.namespace ?? '';
  const { kind = 'Issuer', name } = spec.issuerRef;
  if (kind !== 'Issuer') throw new Error(`${metadata.name}: the stand-in for cert-manager knows no ${kind}`);
  const issuer = await api.find<Issuer>(`${GROUP}/namespaces/${namespace}/issuers/${name}`);
  if (issuer === undefined) return false;
  const authority = issuer.spec.ca && (await api.find<Keys>(secretPath(namespace, issuer.spec.ca.secretName)))?.data;
  if (issuer.spec.ca && authority === undefined) return false;
  const file = (suffix: string) => join(folder, `${metadata.uid}.${suffix}`);
  const key = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']);
  writeFileSync(file('key'), key);
  writeFileSync(file('extensions'), extensionsOf(spec));
  openssl(['req', '-new', '-key', file('key'), '-subj', `/CN=${spec.commonName ?? ''}`, '-out', file('request')]);
  const days = Math.ceil(Number(/^(\d+)h/.exec(spec.duration ?? '2160h')?.[1] ?? 2160) / 24);
  const sign = ['x509', '-req', '-in', file('request'), '-extfile', file('extensions'), '-days', String(days)];
  if (authority) {
    writeFileSync(file('ca'), Buffer.from(authority['tls.crt'] ?? '', 'base64'));
    writeFileSync(file('ca-key'), Buffer.from(authority['tls.key'] ?? '', 'base64'));
    openssl([...sign, '-CA', file('ca'), '-CAkey', file('ca-key'), '-out', file('crt')]);
  } else openssl([...sign, '-signkey', file('key'), '-out', file('crt')]);
  const encoded = spec.privateKey?.encoding === 'PKCS8' ? key : openssl(['ec', '-in', file('key')]);
  await writeSecret(api, namespace, spec.secretName, metadata.name, {
    'tls.crt': readFileSync(file('crt')),
    'tls.key': Buffer.from(encoded),
    'ca.crt': readFileSync(file(authority ? 'ca' : 'crt')),
  });
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Ready', lastTransitionTime: new Date().toISOString() }];
  await api.patch(`${GROUP}/namespaces/${namespace}/certificates/${metadata.name}/status`, { status: { conditions } });
  return true;
}

const secretPath = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/secrets/${name}`;

async function writeSecret(
  api: Api,
  namespace: string,
  name: string,
  certificate: string,
  contents: Record<string, Buffer>,
): Promise<void> {
  const data = Object.fromEntries(Object.entries(contents).map(([key, bytes]) => [key, bytes.toString('base64')]));
  const annotations = { 'cert-manager.io/certificate-name': certificate };
  if (await api.find(secretPath(namespace, name))) return api.patch(secretPath(namespace, name), { data });
  await api.create<object>(`/api/v1/namespaces/${namespace}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name, annotations },
    data,
  });
}

/** openssl's lines for what a Certificate asks for, and nothing else. @throws for a usage that it does not know */
function extensionsOf({ dnsNames = [], ipAddresses = [], isCA = false, usages = [] }: Certificate['spec']): string {
  const unknown = usages.filter((usage) => !(usage in KEY_USAGE) && !(usage in EXTENDED_KEY_USAGE));
  if (unknown.length > 0)
    throw new Error(`the stand-in for cert-manager does not know the usages ${unknown.join(', ')}`);
  const chosen = (names: Record<string, string>) => usages.flatMap((usage) => names[usage] ?? []).join(', ');
  const alternatives = [...dnsNames.map((name) => `DNS:${name}`), ...ipAddresses.map((address) => `IP:${address}`)];
  const lines = {
    basicConstraints: `critical, CA:${isCA ? 'TRUE' : 'FALSE'}`,
    keyUsage: chosen(KEY_USAGE),
    extendedKeyUsage: chosen(EXTENDED_KEY_USAGE),
    subjectAltName: alternatives.join(', '),
    subjectKeyIdentifier: 'hash',
  };
  return Object.entries(lines)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** @returns what it prints @throws with what it says when it fails */
function openssl(args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr.trim()}`);
  return stdout;
}

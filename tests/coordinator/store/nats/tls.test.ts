/** NATS under mutual TLS, and what is wrong with a certificate. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../../common/errors.js';
import type { TrustFiles } from '../../../../common/trust/files.js';
import { openNatsStore } from '../../../../coordinator/store/nats/nats-store.js';
import { type Scratch, scratchFolder } from '../../../support/machine/scratch.js';
import { startNatsServer } from '../../../support/stores/nats-server.js';
import { QUIET, copyOf, settle } from '../../../support/stores/store.js';
import {
  type Authority,
  type CertificateWishes,
  type SecretFolder,
  makeAuthority,
  secretFolder,
} from '../../../support/wire/certificates.js';

/** Files of a certificate for localhost. */
async function certificate(
  scratch: Scratch,
  name: string,
  authority: Authority,
  wishes: CertificateWishes = {},
): Promise<SecretFolder> {
  return secretFolder(join(scratch.path, name), await authority.issue(name, wishes), authority.pem);
}

/** Over by a minute. */
const EXPIRED = { until: new Date(Date.now() - 60_000) };

const tlsConfig = ({ cert, key, ca }: TrustFiles) =>
  `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca}", verify: true }`;

async function refusalOf(url: string, tls?: TrustFiles): Promise<string> {
  let message = '';
  await assert.rejects(
    async () => {
      await using _store = await openNatsStore({ url, waiting: () => {}, startMs: 1500, ...(tls && { tls }) });
    },
    (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      message = error.message;
      return true;
    },
  );
  return message;
}

test('a run is kept under mutual TLS, and goes on when both have got new certificates', async () => {
  await using scratch = scratchFolder();
  const authority = await makeAuthority();
  const server = await certificate(scratch, 'server', authority);
  const client = await certificate(scratch, 'client', authority);
  await using nats = await startNatsServer(scratch, { config: tlsConfig(server) });
  await using store = await openNatsStore({ url: `tls://localhost:${nats.port}`, tls: client, waiting: () => {} });
  const directory = copyOf(scratch.path, 'run', 'work');
  await using run = await store.open(directory, QUIET);
  directory.writeJson('config.json', {});
  await settle(run);
  // Of another authority, both: the old ones are worth nothing any more.
  const later = await makeAuthority('later');
  server.swap(await later.issue('server'), later.pem);
  client.swap(await later.issue('client'), later.pem);
  await nats.kill();
  directory.append('metrics.jsonl', { step: 1 });
  await nats.start();
  await settle(run);
  run.lease.assertHeld();
});

test('a certificate that is foreign, expired, for another name or missing is refused, and told', async () => {
  await using scratch = scratchFolder();
  const authority = await makeAuthority();
  const server = await certificate(scratch, 'server', authority);
  const client = await certificate(scratch, 'client', authority);
  await using nats = await startNatsServer(scratch, { config: tlsConfig(server), name: 'good' });
  const url = `tls://localhost:${nats.port}`;
  const foreign = await certificate(scratch, 'foreign', await makeAuthority('other'));
  assert.match(
    await refusalOf(url, { ...client, ca: foreign.ca }),
    /TLS handshake failed \(.*\): .*authority of --tls-ca/,
  );
  assert.match(await refusalOf(url, { ...foreign, ca: client.ca }), /TLS handshake failed \(.*alert.*\)/i);
  assert.match(
    await refusalOf(url, await certificate(scratch, 'expired', authority, EXPIRED)),
    /a certificate has expired|TLS handshake failed \(.*alert.*\)/i,
  );
  assert.match(await refusalOf(url), /TLS handshake failed/);
  const expired = await certificate(scratch, 'old', authority, EXPIRED);
  const old = await startNatsServer(scratch, { config: tlsConfig(expired), name: 'old' });
  assert.match(await refusalOf(`tls://localhost:${old.port}`, client), /a certificate has expired \(.*\): renew it/);
  await old[Symbol.asyncDispose]();
  const elsewhere = await certificate(scratch, 'elsewhere', authority, { names: ['elsewhere.example', '127.0.0.1'] });
  await using named = await startNatsServer(scratch, { config: tlsConfig(elsewhere), name: 'named' });
  assert.match(await refusalOf(`tls://localhost:${named.port}`, client), /its certificate is for another name/);
  await using plain = await startNatsServer(scratch, { name: 'plain' });
  assert.match(
    await refusalOf(`tls://localhost:${plain.port}`, client),
    /the server does no TLS: give it a certificate/,
  );
});

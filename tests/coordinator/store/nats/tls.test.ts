/** NATS under mutual TLS, and what is wrong with a certificate. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../../common/errors.js';
import { openNatsStore } from '../../../../coordinator/store/nats/nats-store.js';
import { startNatsServer } from '../../../support/nats-server.js';
import { type Scratch, scratchFolder } from '../../../support/scratch.js';
import { QUIET, copyOf, settle } from '../../../support/store.js';

interface Files {
  cert: string;
  key: string;
  ca: string;
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}

/** A certificate for localhost of an authority, which is made if it is not there. */
function certificate(scratch: Scratch, name: string, authority = 'ca', days = 1, host = 'localhost'): Files {
  const file = (end: string) => join(scratch.path, end);
  const ca = file(`${authority}.crt`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  try {
    openssl('x509', '-in', ca, '-noout');
  } catch {
    openssl(
      'req',
      '-x509',
      ...key,
      '-days',
      '2',
      '-subj',
      `/CN=${authority}`,
      '-keyout',
      file(`${authority}.key`),
      '-out',
      ca,
    );
  }
  openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`));
  const extensions = scratch.write(`${name}.ext`, `subjectAltName=DNS:${host},IP:127.0.0.1\n`);
  openssl(
    ...['x509', '-req', '-in', file(`${name}.csr`), '-CA', ca, '-CAkey', file(`${authority}.key`), '-CAcreateserial'],
    ...['-days', String(days), '-extfile', extensions, '-out', file(`${name}.crt`)],
  );
  return { cert: file(`${name}.crt`), key: file(`${name}.key`), ca };
}

const tlsConfig = ({ cert, key, ca }: Files) =>
  `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca}", verify: true }`;

async function refusalOf(url: string, tls?: Files): Promise<string> {
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
  const [server, client] = [certificate(scratch, 'server'), certificate(scratch, 'client')];
  await using nats = await startNatsServer(scratch, { config: tlsConfig(server) });
  await using store = await openNatsStore({ url: `tls://localhost:${nats.port}`, tls: client, waiting: () => {} });
  const directory = copyOf(scratch.path, 'run', 'work');
  await using run = await store.open(directory, QUIET);
  directory.writeJson('config.json', {});
  await settle(run);
  // Of another authority, both: the old ones are worth nothing any more.
  const [laterServer, laterClient] = [
    certificate(scratch, 'server-2', 'ca-2'),
    certificate(scratch, 'client-2', 'ca-2'),
  ];
  for (const [from, to] of [
    [laterServer, server],
    [laterClient, client],
  ] as const) {
    for (const name of ['cert', 'key'] as const) copyFileSync(from[name], to[name]);
  }
  copyFileSync(laterClient.ca, client.ca);
  await nats.kill();
  directory.append('metrics.jsonl', { step: 1 });
  await nats.start();
  await settle(run);
  run.lease.assertHeld();
});

test('a certificate that is foreign, expired, for another name or missing is refused, and told', async () => {
  await using scratch = scratchFolder();
  const server = certificate(scratch, 'server');
  const client = certificate(scratch, 'client');
  await using nats = await startNatsServer(scratch, { config: tlsConfig(server), name: 'good' });
  const url = `tls://localhost:${nats.port}`;
  const foreign = certificate(scratch, 'foreign', 'other');
  assert.match(
    await refusalOf(url, { ...client, ca: foreign.ca }),
    /TLS handshake failed \(.*\): .*authority of --tls-ca/,
  );
  assert.match(await refusalOf(url, { ...foreign, ca: client.ca }), /TLS handshake failed \(.*alert.*\)/i);
  assert.match(
    await refusalOf(url, certificate(scratch, 'expired', 'ca', 0)),
    /a certificate has expired|TLS handshake failed \(.*alert.*\)/i,
  );
  assert.match(await refusalOf(url), /TLS handshake failed/);
  const old = await startNatsServer(scratch, { config: tlsConfig(certificate(scratch, 'old', 'ca', 0)), name: 'old' });
  assert.match(await refusalOf(`tls://localhost:${old.port}`, client), /a certificate has expired \(.*\): renew it/);
  await old[Symbol.asyncDispose]();
  const elsewhere = certificate(scratch, 'elsewhere', 'ca', 1, 'elsewhere.example');
  await using named = await startNatsServer(scratch, { config: tlsConfig(elsewhere), name: 'named' });
  assert.match(await refusalOf(`tls://localhost:${named.port}`, client), /its certificate is for another name/);
  await using plain = await startNatsServer(scratch, { name: 'plain' });
  assert.match(
    await refusalOf(`tls://localhost:${plain.port}`, client),
    /the server does no TLS: give it a certificate/,
  );
});

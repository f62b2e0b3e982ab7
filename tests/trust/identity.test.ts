/** Files of mutual TLS that cannot be used are refused with one sentence each, and nothing of a key is in it. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../../common/errors.js';
import { type TrustFiles, trustFilesOf } from '../../common/trust/files.js';
import type { Demands } from '../../common/trust/identity.js';
import { Refusals } from '../../common/trust/refusals.js';
import { Trust } from '../../common/trust/trust.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { until } from '../support/runs/run.js';
import { type CertificateWishes, makeAuthority, secretFolder } from '../support/wire/certificates.js';

const DAY_MS = 86_400_000;
const DEMANDS: Demands = { names: ['127.0.0.1'], uses: ['server', 'client'] };
const LOOK_MS = 20;

const scratch = scratchFolder();
after(() => scratch[Symbol.asyncDispose]());
const [ours, foreign] = await Promise.all([makeAuthority('Ours'), makeAuthority('Foreign')]);

let made = 0;
async function folder(wishes: CertificateWishes = {}, authority = ours) {
  made += 1;
  return secretFolder(join(scratch.path, String(made)), await authority.issue('duet', wishes), ours.pem);
}

function assertRefused(files: TrustFiles, reason: RegExp, demands = DEMANDS): void {
  assert.throws(
    () => Trust.open(files, demands),
    (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, reason);
      assert.ok(!error.message.includes('\n'), 'one line');
      return true;
    },
  );
}

test('TLS is given whole or not at all', () => {
  assert.equal(trustFilesOf({}), undefined);
  assert.deepEqual(trustFilesOf({ tlsCert: 'a', tlsKey: 'b', tlsCa: 'c' }), { cert: 'a', key: 'b', ca: 'c' });
  assert.throws(() => trustFilesOf({ tlsCert: 'a' }), /together: --tls-key and --tls-ca are missing/);
  assert.throws(() => trustFilesOf({ tlsCert: 'a', tlsCa: 'c' }), /together: --tls-key is missing/);
});

test('good files are taken', async () => {
  assert.equal(Trust.open(await folder(), DEMANDS).untimely, undefined);
});

test('a file that is missing or holds something else is named by its flag', async () => {
  const files = await folder();
  assertRefused({ ...files, cert: 'nowhere.crt' }, /cannot read --tls-cert nowhere\.crt: there is no such file/);
  assertRefused({ ...files, ca: files.key }, /--tls-ca .* holds no certificate: give a PEM file/);
  assertRefused({ ...files, key: files.cert }, /--tls-key .* holds no private key that can be read/);
  const damaged = scratch.write(
    'damaged.crt',
    readFileSync(files.cert, 'utf8').replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
  );
  assertRefused({ ...files, cert: damaged }, /--tls-cert .* cannot be read: it is damaged/);
});

test('a key of another certificate is refused', async () => {
  const [one, other] = [await folder(), await folder()];
  assertRefused({ ...one, key: other.key }, /--tls-key .* does not belong to the certificate of --tls-cert/);
});

test('a certificate that is over, or not yet good, is refused with its date', async () => {
  const now = Date.now();
  const over = new Date(now - DAY_MS);
  const day = (date: Date) => date.toISOString().slice(0, 10);
  assertRefused(
    await folder({ from: new Date(now - 2 * DAY_MS), until: over }),
    new RegExp(`\\(CN=duet\\) expired on ${day(over)}T[0-9:]+Z: renew it`),
  );
  const later = new Date(now + DAY_MS);
  assertRefused(
    await folder({ from: later, until: new Date(now + 2 * DAY_MS) }),
    new RegExp(`is not valid before ${day(later)}T[0-9:]+Z: wait until then, or set this machine's clock`),
  );
});

test('a certificate of an authority that is not trusted is refused, also of one by the same name', async () => {
  assertRefused(await folder({}, foreign), /was not issued by an authority of --tls-ca .*: its issuer is CN=Foreign/);
  assertRefused(await folder({}, await makeAuthority('Ours')), /was not issued by an authority of --tls-ca/);
});

test('a certificate without the name that others dial, or not for what it is used for, is refused', async () => {
  const elsewhere = await folder({ names: ['elsewhere'] });
  assertRefused(elsewhere, /is not valid for 127\.0\.0\.1, by which .* \(it names DNS:elsewhere\): .*--host/);
  Trust.open(elsewhere, { ...DEMANDS, names: ['elsewhere'] });
  Trust.open(await folder({ names: ['*.worker.duet.svc'] }), { ...DEMANDS, names: ['worker-0.worker.duet.svc'] });
  assertRefused(await folder({ uses: ['server'] }), /may not be used as a TLS client: .*server auth and client auth/);
  assertRefused(await folder({ uses: ['client'] }), /may not be used as a TLS server/);
});

test('nothing of a key gets into an error', async () => {
  const files = await folder();
  const key = readFileSync(files.key, 'utf8');
  for (const text of [key.slice(0, 100), key.replace('PRIVATE', 'ENCRYPTED PRIVATE')]) {
    try {
      Trust.open({ ...files, key: scratch.write('bad.key', text) }, DEMANDS);
      assert.fail('it was taken');
    } catch (error) {
      const line = key.split('\n')[1] ?? '';
      for (let e = error as Error | undefined; e !== undefined; e = e.cause as Error | undefined) {
        assert.ok(!`${e.message} ${e.stack}`.includes(line.slice(0, 12)));
      }
    }
  }
});

/** Opens and watches; `told` are what it says. */
async function watched() {
  const files = await folder();
  const told: string[] = [];
  const trust = Trust.open(files, DEMANDS).watch((kind, text) => told.push(`${kind}: ${text}`), LOOK_MS);
  return { files, trust, told };
}

test('files that are swapped as the kubelet does it are taken once, and those who asked are told', async () => {
  const { files, trust, told } = await watched();
  using _end = trust;
  const before = trust.context;
  let renewed = 0;
  trust.onRenewed(() => (renewed += 1));
  files.swap(await ours.issue('second'), ours.pem);
  await until('the new files', () => told.length > 0);
  assert.match(told[0] ?? '', /^renewed: new TLS files are used from now on: CN=second, valid until 20/);
  assert.notEqual(trust.context, before);
  assert.equal(trust.contextOptions.cert?.toString(), readFileSync(files.cert, 'utf8'));
  files.swap(await ours.issue('third'), ours.pem);
  await until('the third', () => told.length > 1);
  assert.equal(renewed, 2);
});

test('a pair that is half replaced is not taken until it is whole, and is told of once', async () => {
  const { files, trust, told } = await watched();
  using _end = trust;
  const { context } = trust;
  const next = await ours.issue('next');
  // In the folder that ..data points to.
  writeFileSync(`${files.cert}.new`, next.cert);
  renameSync(`${files.cert}.new`, files.cert);
  await until('that it was noticed', () => told.length > 0);
  assert.match(
    told[0] ?? '',
    /^not-renewed: the TLS files have changed and are not used: --tls-key .* does not belong/,
  );
  assert.equal(trust.context, context);
  writeFileSync(files.key, next.key);
  await until('the whole pair', () => told.length > 1);
  assert.match(told[1] ?? '', /^renewed: .*CN=next/);
  assert.equal(told.length, 2);
});

test('files that would not do are not taken, and the old ones stay in use', async () => {
  const { files, trust, told } = await watched();
  using _end = trust;
  const { context } = trust;
  for (const [issued, reason] of [
    [await ours.issue('late', { until: new Date(Date.now() - DAY_MS) }), /not-renewed: .*expired on/],
    [await foreign.issue('foreign'), /not-renewed: .*was not issued by/],
    [await ours.issue('other', { names: ['other'] }), /not-renewed: .*is not valid for 127\.0\.0\.1/],
  ] as const) {
    const count = told.length;
    files.swap(issued, ours.pem);
    await until('that it was noticed', () => told.length > count);
    assert.match(told.at(-1) ?? '', reason);
    assert.equal(trust.context, context);
  }
});

test('a certificate that expires while it is in use is told of once', async () => {
  const files = await folder({ until: new Date(Date.now() + 1500) });
  const told: string[] = [];
  using trust = Trust.open(files, DEMANDS).watch((kind, text) => told.push(`${kind}: ${text}`), LOOK_MS);
  await until('its end', () => trust.untimely);
  await until('that it was told', () => told.length > 0);
  assert.match(told[0] ?? '', /^expired: the certificate of --tls-cert .* expired on .*others refuse this process/);
  files.swap(await ours.issue('next'), ours.pem);
  await until('the next', () => told.length > 1);
  assert.match(told[1] ?? '', /^renewed: /);
  assert.deepEqual([told.length, trust.untimely], [2, undefined]);
});

test('refusals are a line for each address and reason a minute, ten at most, and what was left out is counted', () => {
  let now = 0;
  const refusals = new Refusals(() => now);
  assert.equal(refusals.line('10.0.0.1', 'reason'), 'refused a connection from 10.0.0.1: reason');
  for (let i = 0; i < 100; i += 1) assert.equal(refusals.line('10.0.0.1', 'reason'), undefined);
  const lines = Array.from({ length: 50 }, (_, i) => refusals.line(`10.0.1.${i}`, 'reason'));
  assert.equal(lines.filter((line) => line !== undefined).length, 9);
  now = 60_000;
  assert.match(refusals.line('10.0.0.1', 'reason') ?? '', /reason \(141 more refusals since the last such line\)$/);
});

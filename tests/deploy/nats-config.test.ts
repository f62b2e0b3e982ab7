import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Journal } from '../../coordinator/run/journal/journal.js';
import { openNatsRuns } from '../../coordinator/store/nats/fetch.js';
import { openNatsStore } from '../../coordinator/store/nats/nats-store.js';
import { type Scratch, scratchFolder } from '../support/machine/scratch.js';
import { writeCheckpoint } from '../support/runs/checkpoint.js';
import { until } from '../support/runs/run.js';
import { natsClient } from '../support/stores/nats-client.js';
import { type NatsServer, startNatsServer } from '../support/stores/nats-server.js';
import { QUIET, contentOf, copyOf, settle } from '../support/stores/store.js';

const deploy = (path: string) => fileURLToPath(new URL(`../../../deploy/${path}`, import.meta.url));

/** Who may do what in the NATS of the manifests and of Compose: its own configuration, on a real server. */
describe('the configuration of NATS', () => {
  let scratch: Scratch;
  let server: NatsServer;
  const url = () => `tls://localhost:${server.port}`;
  const tls = (who: string) => ({
    certFile: join(scratch.path, `${who}.crt`),
    keyFile: join(scratch.path, `${who}.key`),
    caFile: join(scratch.path, 'ca.crt'),
  });
  const dial = (files: { certFile?: string; keyFile?: string; caFile: string }) =>
    natsClient(url(), { tls: files, reconnect: false, timeout: 5000 });

  before(async () => {
    scratch = scratchFolder();
    const made = spawnSync(deploy('compose/secrets.sh'), [scratch.path], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    const text = readFileSync(deploy('kubernetes/components/nats/nats.conf'), 'utf8');
    // The test's own port, name and folders; TLS and users as they are.
    const config = text
      .replaceAll(/^(server_name|port|http_port|pid_file):.*$/gm, '')
      .replace(/^jetstream \{[^}]*\}$/m, '')
      .replaceAll(/\/etc\/nats\/tls\/tls\.(crt|key)/g, join(scratch.path, 'nats.$1'))
      .replace('/etc/nats/tls/ca.crt', join(scratch.path, 'ca.crt'));
    server = await startNatsServer(scratch, { config });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  test("lets the coordinator's certificate make and keep runs", async () => {
    const { certFile: cert, keyFile: key, caFile: ca } = tls('coordinator');
    await using store = await openNatsStore({ url: url(), tls: { cert, key, ca }, waiting: () => {} });
    assert.equal(await store.has('first'), false);
    const worked = copyOf(scratch.path, 'first', 'worked');
    await using run = await store.open(worked, QUIET);
    worked.writeJson('config.json', { id: 'first' });
    new Journal(worked).event({ event: 'training-began', epoch: 1, step: 0 });
    for (const step of [1, 2]) {
      worked.append('metrics.jsonl', { step });
      writeCheckpoint(worked, step);
    }
    await settle(run);
    await run[Symbol.asyncDispose]();
    const fetched = copyOf(scratch.path, 'first', 'fetched');
    await using again = await store.open(fetched, QUIET);
    assert.deepEqual(contentOf(fetched), contentOf(worked));
    await settle(again);
    assert.equal(await store.has('first'), true);
  });

  test("lets a person's certificate read a run, and change nothing", async () => {
    await using client = await dial(tls('reader'));
    const state = await client.value('first');
    await assert.rejects(client.setValue('first', {}), /permission/i);
    await assert.rejects(client.deleteStream('duet-first'), /permission/i);
    assert.deepEqual(await client.value('first'), state);
  });

  test("lets a person's certificate fetch a run, as docs/kubernetes.md says", async () => {
    const { certFile: cert, keyFile: key, caFile: ca } = tls('reader');
    await using runs = await openNatsRuns({ url: url(), tls: { cert, key, ca }, waiting: () => {} });
    assert.deepEqual(
      (await runs.list()).map(({ id }) => id),
      ['first'],
    );
    const mine = copyOf(scratch.path, 'first', 'mine');
    assert.deepEqual(await runs.fetch('first', mine, (reason) => assert.equal(reason, '')), [1, 2]);
    assert.deepEqual(contentOf(mine), contentOf(copyOf(scratch.path, 'first', 'worked')));
  });

  test('knows no worker, and nobody without a certificate', async () => {
    await assert.rejects(dial(tls('worker')), /authorization|closed/i);
    // NATS hangs up on what this end has sent meanwhile: where that resets the connection, its reason is lost, and asked for again.
    const refusal = await until('a refusal with its reason', async () => {
      const reason = await dial({ caFile: tls('worker').caFile }).then(
        () => 'none: it was let in',
        (error: unknown) => String(error),
      );
      return /ECONNRESET/.test(reason) ? undefined : reason;
    });
    assert.match(refusal, /certificate|closed|required/i);
  });
});

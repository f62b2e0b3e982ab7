/** Certificates and their authority are replaced while a run trains, as cert-manager and trust-manager do it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../support/machine/scratch.js';
import { until } from '../support/runs/run.js';
import { assertSameBits, mounted, trustedRun } from '../support/runs/trusted-run.js';
import { type SecretFolder, makeAuthority, secretFolder } from '../support/wire/certificates.js';
import type { JoinedByHand } from '../support/wire/control-peer.js';

test('certificates and their authority change mid-run without a recovery; who comes later needs the new ones; the bits are those of a run without TLS', async () => {
  await using scratch = scratchFolder();
  const [old, next] = await Promise.all([makeAuthority('Old'), makeAuthority('Next')]);
  const tls = join(scratch.path, 'tls');
  const files = await mounted(tls, 'coordinator', old);
  await using run = await trustedRun(join(scratch.path, 'run'), files);
  let logged = '';
  run.coordinator.child.stderr?.on('data', (text: string) => (logged += text));
  const workers: { name: string; files: SecretFolder; process: JoinedByHand }[] = [];
  for (const name of ['one', 'two', 'three']) {
    const own = await mounted(tls, name, old);
    workers.push({ name, files: own, process: run.join(own) });
  }
  await until('steps', () => run.steps() >= 20);

  const both = old.pem + next.pem;
  const renewals = (text: string) => text.split('"certificate-renewed"').length - 1;
  let count = 0;
  for (const [authority, trusted] of [
    [old, both],
    [next, both],
    [next, next.pem],
  ] as const) {
    files.swap(await authority.issue('coordinator'), trusted);
    for (const worker of workers) worker.files.swap(await authority.issue(worker.name), trusted);
    count += 1;
    const all = () => [logged, ...workers.map((worker) => worker.process.stderr())];
    await until('everyone to have the new files', () => all().every((text) => renewals(text) === count));
    const steps = run.steps();
    await until('more steps', () => run.steps() > steps + 10);
  }
  const losses = () => run.events().filter(({ event }) => event === 'worker-lost' || event === 'recovered');
  assert.deepEqual(losses(), [], 'nobody was lost and nothing was replayed');

  const [first] = workers;
  assert.ok(first);
  first.process.child.kill('SIGKILL');
  await until('its loss', () => losses().length > 0);
  // One with a certificate of before, who trusts both, is refused and goes on trying.
  const late = secretFolder(join(tls, 'late'), await old.issue('late'), both);
  const stranger = run.join(late);
  await until('the coordinator to say so', () => logged.includes('"connection-refused"'));
  assert.match(logged, /refused a connection from 127\.0\.0\.1: its certificate is not of an authority in --tls-ca/);
  await until('it to say so', () => stranger.stderr().includes('coordinator-missing'));
  assert.match(stranger.stderr(), /it takes this process's certificate not.*looking for it for up to 60 s/);
  assert.ok(!run.events().some((event) => event.event === 'worker-joined' && event.pid === stranger.child.pid));
  stranger.child.kill('SIGKILL');

  const steps = run.steps();
  run.join(first.files);
  await until('the run to go on', () => run.steps() > steps + 10);
  assert.equal(losses().filter(({ event }) => event === 'recovered').length, 1);
  await assertSameBits(run.out, run.coordinator, join(scratch.path, 'plain'));
});

/** A whole run under mutual TLS: local workers, faults on purpose, garbage, and what it shows of its secrets. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { portOf } from '../../common/hosts.js';
import { trustArgs } from '../../common/trust/files.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { metricsOf, scrape, targetsOf } from '../support/monitoring/scrape.js';
import { ROLES, coordinator, readCheckpoint, startRun, statusOf, until } from '../support/runs/run.js';
import { OPTIONS, type TrustedRun, assertSameBits, mounted, trustedRun } from '../support/runs/trusted-run.js';
import { type SecretFolder, makeAuthority } from '../support/wire/certificates.js';

const scratch = scratchFolder();
after(() => scratch[Symbol.asyncDispose]());
const authority = await makeAuthority();
const tls = join(scratch.path, 'tls');
const PAGES = ['/', '/page.js', '/page.css', '/api/run', '/api/history', '/api/events', '/api/quality', '/api/samples'];

test('local workers get the TLS files of their coordinator, and the run ends with the bits of one without', async () => {
  const files = await mounted(tls, 'local', authority);
  const [secure, plain] = [join(scratch.path, 'local-tls'), join(scratch.path, 'local')];
  for (const [out, flags] of [
    [secure, trustArgs(files)],
    [plain, []],
  ] as const) {
    const { code, stderr } = await startRun(out, '--steps', '60', ...OPTIONS, ...flags);
    assert.equal(code, 0, stderr);
  }
  for (const role of ROLES) assert.ok(readCheckpoint(secure, 60, role).equals(readCheckpoint(plain, 60, role)), role);
});

test('a coordinator whose certificate is not for its --host does not start, and leaves nothing', async () => {
  const files = await mounted(tls, 'elsewhere', authority, { names: ['elsewhere'] });
  const { code, stderr } = await startRun(join(scratch.path, 'no'), ...OPTIONS, ...trustArgs(files));
  assert.deepEqual([code, /^error: .* is not valid for 127\.0\.0\.1/.test(stderr)], [2, true], stderr);
  assert.ok(!readdirSync(scratch.path).includes('no'));
});

/** Where the processes' certificates have one name, and it is not that of a relay. */
async function runByName(name: string, ...flags: string[]): Promise<TrustedRun> {
  const mount = (who: string) => mounted(join(tls, name), who, authority, { names: ['localhost'] });
  const run = await trustedRun(join(scratch.path, name), await mount('coordinator'), '--host', 'localhost', ...flags);
  for (const who of ['one', 'two', 'three', 'spare']) {
    run.join(await mount(who), '--host', 'localhost', ...(flags.includes('--allow-chaos') ? ['--allow-chaos'] : []));
  }
  await until('steps', () => run.steps() >= 10);
  return run;
}

/** `coordinator chaos`, with a certificate for clients. */
async function inject(files: SecretFolder | undefined, ...fault: string[]) {
  await using command = coordinator(['chaos', ...fault, ...trustArgs(files)]);
  return await command.ended;
}

test('under TLS the line to a peer is delayed and cut as without: the name of the peer is verified, not of the relay', async () => {
  await using run = await runByName('chaos', '--allow-chaos', '--heartbeat-deadline', '4');
  const client = await mounted(tls, 'chaos-client', authority, { names: [], uses: ['client'] });
  const at = ['--coordinator', run.address, '--token-file', join(run.out, 'token')];
  const delay = ['--fault', 'delay', '--role', 'generator-1', '--peer', 'discriminator', '--for', '2', '--delay', '50'];
  const delayed = await inject(client, ...at, ...delay);
  assert.equal(delayed.code, 0, delayed.stderr);
  // By the directory, the files are those of the run's own coordinator.
  const cut = ['--fault', 'partition', '--role', 'generator-2', '--peer', 'coordinator', '--for', '7'];
  const parted = await inject(undefined, '--run', run.out, ...cut);
  assert.equal(parted.code, 0, parted.stderr);
  await until('its worker to be replaced', () => run.events().some(({ event }) => event === 'worker-lost'));
  await until('the run to go on', () => run.events().some(({ event }) => event === 'recovered'));
  const steps = run.steps();
  await until('more steps', () => run.steps() > steps + 20);
  const without = await inject(undefined, ...at, '--fault', 'kill', '--role', 'generator-1');
  assert.equal(without.code, 1, without.stderr);
  assert.match(without.stderr, /it may want TLS/);
  await assertSameBits(run.out, run.coordinator, join(scratch.path, 'chaos-plain'));
});

test('garbage on the ports of a run changes nothing, and nothing that it serves or writes shows its token or a key', async () => {
  await using run = await runByName('secrets');
  const origin = await metricsOf(run.out);
  const targets = (await targetsOf(origin)).flatMap((group) => group.targets);
  for (let i = 0; i < 40; i += 1) {
    const socket = createConnection(portOf(run.address), 'localhost').on('error', () => {});
    socket.write(Buffer.alloc(1 + ((i * 131) % 3000), i));
    setTimeout(() => socket.destroy(), 100);
  }
  const page = new URL(statusOf(run.out)?.page ?? '').origin;
  const steps = run.steps();
  await until('more steps', () => run.steps() > steps + 20);
  const shown = new Map<string, string>();
  for (const path of PAGES) shown.set(path, await (await fetch(`${page}${path}`)).text());
  // The stream says the most in its first messages: all that is known.
  const stream = await fetch(`${page}/api/stream`);
  const first = await stream.body?.getReader().read();
  shown.set('/api/stream', new TextDecoder().decode(first?.value as Uint8Array));
  for (const path of ['/metrics', '/sd', '/healthz', '/readyz']) {
    shown.set(`metrics${path}`, await (await fetch(`${origin}${path}`)).text());
  }
  for (const target of targets) shown.set(target, await scrape(target));
  assert.ok(targets.length >= 4, targets.join());

  const token = readFileSync(join(run.out, 'token'), 'utf8').trim();
  const keys = ['coordinator', 'one', 'two', 'three'].flatMap((who) =>
    readFileSync(join(tls, 'secrets', who, 'tls.key'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('-----')),
  );
  assert.ok(token.length === 64 && keys.length >= 8);
  const { stdout, stderr } = await assertSameBits(run.out, run.coordinator, join(scratch.path, 'secrets-plain'));
  shown.set('stdout', stdout).set('stderr', stderr);
  for (const entry of readdirSync(run.out, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name !== 'token') shown.set(file, readFileSync(file, 'latin1'));
  }
  assert.ok([...shown.keys()].some((name) => name.endsWith('config.json')));
  const forms = (secret: string) => [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    encodeURIComponent(secret),
  ];
  for (const [where, text] of shown) {
    for (const secret of [token, ...keys].flatMap(forms)) assert.ok(!text.includes(secret), `${where} shows a secret`);
  }
});

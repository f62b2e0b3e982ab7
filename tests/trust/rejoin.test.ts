/** `worker join --rejoin forever`: it looks for its coordinator without end, and says what it waits for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { trustArgs } from '../../common/trust/files.js';
import { freePort } from '../support/hosts/free-port.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { until } from '../support/runs/run.js';
import { mounted, trustedRun } from '../support/runs/trusted-run.js';
import { makeAuthority } from '../support/wire/certificates.js';
import { joinByHand } from '../support/wire/control-peer.js';

const scratch = scratchFolder();
after(() => scratch[Symbol.asyncDispose]());
const authority = await makeAuthority();
const tls = join(scratch.path, 'tls');

/** What /readyz says, once the worker serves it and it fits. */
async function readiness(port: number, fits: (text: string) => boolean): Promise<number> {
  return await until('readyz', async () => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      return fits(await response.text()) && response.status;
    } catch {
      return undefined;
    }
  });
}

/** Lines of a log by their event. */
const lines = (stderr: string, event: string) =>
  stderr.split('\n').filter((line) => line.includes(`"event":"${event}"`));

test('a worker whose coordinator has no name yet waits, is not ready and says why, and ends when it is told to', async () => {
  const token = scratch.write('token', 'x'.repeat(64));
  const port = await freePort();
  const flags = ['--rejoin', 'forever', '--metrics-port', String(port)];
  using worker = joinByHand('coordinator.nowhere.invalid:50051', token, ...flags);
  assert.equal(await readiness(port, (text) => text.includes('Name resolution failed')), 503);
  assert.match(
    lines(worker.stderr(), 'coordinator-missing').join('\n'),
    /coordinator\.nowhere\.invalid.*Name resolution failed.*: looking for it until it is there/,
  );
  assert.ok(!worker.stderr().includes('oneDNN'), 'no engine is loaded');
  const ended = once(worker.child, 'exit');
  worker.child.kill('SIGTERM');
  assert.deepEqual(await ended, [130, null]);
});

test('a worker whose coordinator has an expired certificate says so once, and joins when it is renewed; killed, the coordinator is found again', async () => {
  const end = new Date(Date.now() + 8000);
  const files = await mounted(tls, 'coordinator', authority, { until: end });
  const own = await mounted(tls, 'worker', authority);
  const out = join(scratch.path, 'run');
  const [grpc, port] = [await freePort(), await freePort()];
  let address = '';
  const forever = ['--rejoin', 'forever', '--metrics-port', String(port)];
  const joined = () => joinByHand(address, join(out, 'token'), ...trustArgs(own), ...forever);
  {
    await using run = await trustedRun(out, files, '--port', String(grpc));
    ({ address } = run);
    await until('its certificate to expire', () => Date.now() > end.getTime() + 1000);
    using worker = joined();
    assert.equal(await readiness(port, (text) => text.includes('has expired')), 503);
    files.swap(await authority.issue('coordinator'), authority.pem);
    await until('it to join', () => lines(worker.stderr(), 'worker-joined').length === 1);
    const missing = lines(worker.stderr(), 'coordinator-missing');
    assert.equal(missing.length, 1, missing.join('\n'));
    assert.match(
      missing[0] ?? '',
      /its certificate, or its authority's, has expired \(valid until .*looking for it until it is there/,
    );

    run.coordinator.child.kill('SIGKILL');
    await run.coordinator.ended;
    assert.equal(await readiness(port, (text) => !text.includes('ready')), 503);
    // Started again where it was; its lease has to run out first.
    await using again = await trustedRun(out, files, '--port', String(grpc), '--continue');
    await until('it to join again', () => lines(worker.stderr(), 'worker-joined').length === 2);
    assert.equal(again.address, address);
    const ended = once(worker.child, 'exit');
    worker.child.kill('SIGTERM');
    assert.deepEqual(await ended, [130, null]);
  }
});

test('a worker offers a name, listens elsewhere, and takes the ports that it was given', async () => {
  const names = { names: ['localhost'] };
  const files = await mounted(tls, 'named', authority, names);
  await using run = await trustedRun(join(scratch.path, 'named'), files, '--host', 'localhost');
  const [exchange, metrics] = [await freePort(), await freePort()];
  for (const who of ['one', 'two', 'three']) {
    const ports = who === 'one' ? ['--port', String(exchange), '--metrics-port', String(metrics)] : [];
    run.join(
      await mounted(tls, `named-${who}`, authority, names),
      '--host',
      'localhost',
      '--listen',
      '0.0.0.0',
      ...ports,
    );
    await until('it to join', () => run.events().some(({ event }) => event === 'worker-joined'));
  }
  await until('steps', () => run.steps() >= 5);
  assert.equal((await fetch(`http://127.0.0.1:${metrics}/readyz`)).status, 200);
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  assert.match(text, /role="discriminator"/);
  // Its exchange: the first to join has the role of the discriminator.
  const socket = connect(exchange, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
});

test('flags of a worker that cannot be are refused with exit code 2', async () => {
  const own = await mounted(tls, 'refused', authority);
  const token = scratch.write('token-2', 'x'.repeat(64));
  for (const [flags, reason] of [
    [['--listen', '0.0.0.0'], /--listen 0\.0\.0\.0 can be reached by others, without encryption: give --tls-cert/],
    [['--tls-cert', own.cert], /together: --tls-key and --tls-ca are missing/],
    [['--host', 'worker-0', ...trustArgs(own)], /is not valid for worker-0, by which others reach this process/],
    [['--rejoin', 'ever'], /--rejoin takes a number of seconds, or forever, not 'ever'/],
    [['--port', '70000'], /--port takes a port, 0 to 65535, not '70000'/],
  ] as const) {
    using worker = joinByHand('127.0.0.1:1', token, ...flags);
    const [code] = (await once(worker.child, 'close')) as [number];
    assert.equal(code, 2, worker.stderr());
    assert.match(worker.stderr(), reason);
  }
});

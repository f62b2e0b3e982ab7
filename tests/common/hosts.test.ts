import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { UsageError } from '../../common/errors.js';
import { assertHost, assertReachable, isLoopback } from '../../common/hosts.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { WORKER } from '../support/wire/control-peer.js';

test('only this machine reaches a loopback address', () => {
  for (const host of ['127.0.0.1', '127.8.9.10', 'localhost', '::1']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example.org', 'example.org', '1270.0.0.1', '']) {
    assert.ok(!isLoopback(host), host);
  }
});

test('an address that others reach needs mutual TLS or --insecure, and one that is none is refused all the same', () => {
  for (const host of ['127.0.0.1', '::1', 'localhost']) assertHost(host, { insecure: false, tls: false });
  for (const host of ['10.0.0.1', '0.0.0.0', 'fe80::1', 'worker-3.example.org']) {
    assert.throws(
      () => assertHost(host, { insecure: false, tls: false }),
      (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /can be reached by others, without encryption: .*--tls-ca.* --insecure/);
        return true;
      },
    );
    assertHost(host, { insecure: true });
    assertHost(host, { insecure: false, tls: true });
  }
  for (const host of ['10.0.0.1:50051', 'http://10.0.0.1', 'a b', '[::1]']) {
    assert.throws(() => assertHost(host, { insecure: true }), /is not an address/, host);
  }
});

test('a worker is not offered on an address that stands for all of a machine’s, nor in the open by mistake', async () => {
  for (const host of ['0.0.0.0', '::']) {
    assert.throws(() => assertReachable(host), /is not an address that others could connect to: .*--listen/);
  }
  assertReachable('10.0.0.1');
  assert.throws(() => assertReachable('10.0.0.1:1'), /is not an address/);
  await using scratch = scratchFolder();
  const token = scratch.write('token', 'secret');
  for (const [flags, reason] of [
    [['--host', '10.0.0.1'], /^error: --host 10\.0\.0\.1 can be reached by others/],
    [['--host', '0.0.0.0', '--insecure'], /^error: --host 0\.0\.0\.0 is not an address/],
  ] as const) {
    const args = [WORKER, 'join', '--coordinator', '127.0.0.1:1', '--token-file', token, ...flags];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 2, stderr);
    assert.match(stderr, reason);
  }
});

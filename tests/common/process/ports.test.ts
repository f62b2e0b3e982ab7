import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { isTaken } from '../../../common/process/ports.js';

test('a port is taken when somebody listens on it; in Windows also when the system keeps it for itself', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await once(first, 'listening');
  const second = createServer();
  const failed = once(second, 'error');
  second.listen(first.address());
  const [error] = (await failed) as [unknown];
  first.close();
  assert.deepEqual(
    ['linux', 'darwin', 'win32'].map((platform) => isTaken(error, platform)),
    [true, true, true],
  );
  const kept = Object.assign(new Error('listen EACCES: permission denied 127.0.0.1:50051'), { code: 'EACCES' });
  assert.deepEqual(
    ['linux', 'darwin', 'win32'].map((platform) => isTaken(kept, platform)),
    [false, false, true],
  );
});

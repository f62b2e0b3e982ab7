/** Who holds a lock or a lease, where the system does not tell when a process started: macOS, Windows. */
import '../../support/machine/no-proc.js';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lock } from '../../../common/process/lock.js';
import { processSpace, startOf } from '../../../common/process/process-stat.js';
import { type LeaseRecord, livesHere, recordOf } from '../../../coordinator/store/owner.js';
import { scratchFolder } from '../../support/machine/scratch.js';

const SILENCE_MS = 700;

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('a process that has ended is known to have, of one that runs only that', async () => {
  assert.deepEqual([startOf(process.pid), processSpace()], ['', '']);
  const dead = await endedProcess();
  assert.equal(startOf(dead), 'dead');
  const record: LeaseRecord = recordOf(1);
  assert.equal(livesHere({ ...record, pid: dead }), false);
  assert.equal(livesHere(record), undefined, 'it, or a later process with its id');
});

test('the lock of a process that has ended is taken at once', async () => {
  await using scratch = scratchFolder();
  const file = join(scratch.path, 'lock');
  writeFileSync(file, JSON.stringify([hostname(), await endedProcess(), '']));
  using _lock = await lock(file, () => assert.fail('it need not be waited for'));
  assert.equal(readFileSync(file, 'utf8'), JSON.stringify([hostname(), process.pid, '']));
});

test('the lock of an id that another process has by now is taken once nobody has touched it for long', async () => {
  await using scratch = scratchFolder();
  const file = join(scratch.path, 'lock');
  writeFileSync(file, JSON.stringify([hostname(), process.ppid, '']));
  let waited = 0;
  using _lock = await lock(file, () => (waited += 1), undefined, SILENCE_MS);
  assert.equal(waited, 1);
  assert.equal(readFileSync(file, 'utf8'), JSON.stringify([hostname(), process.pid, '']));
});

/** What a comparison finds of a run that an earlier one has left, where no system tells what a process was started with. */
import '../../support/machine/no-proc.js';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runPaths } from '../../../coordinator/compare/paths.js';
import { leftProcess } from '../../../coordinator/compare/running/processes.js';
import { scratchFolder } from '../../support/machine/scratch.js';

test('the process that renews the lease of the run is the one that was left; another with its id is left alone', async () => {
  await using scratch = scratchFolder();
  const paths = runPaths(scratch.path, { name: 'one' });
  const lease = (pid: number) => {
    const record = { term: 1, host: hostname(), pid, started: '', space: '', since: '2026-01-01T00:00:00.000Z' };
    return scratch.write(join('runs', 'one', 'lease.1.json'), JSON.stringify(record));
  };
  const left = (pid: number) => {
    scratch.write(join('runs', 'one.process.json'), JSON.stringify({ pid }));
    return leftProcess(paths);
  };
  assert.equal(left(process.pid), undefined, 'it has no lease, yet or any more');
  const file = lease(process.pid);
  assert.equal(left(process.pid), process.pid);
  assert.equal(left(process.ppid), undefined, 'another one drives the run');
  // Nobody has renewed it for long: this process got the id later.
  utimesSync(file, new Date(), new Date(Date.now() - 120_000));
  assert.equal(left(process.pid), undefined);
  const child = spawn(process.execPath, ['--eval', '']);
  await once(child, 'exit');
  lease(child.pid ?? 0);
  assert.equal(left(child.pid ?? 0), undefined, 'it has ended');
});

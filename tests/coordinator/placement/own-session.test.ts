/** How a coordinator and a comparison start processes: what a terminal, or in Windows a console, does to them. */
import assert from 'node:assert/strict';
import childProcess, { type SpawnOptions } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { runPaths } from '../../../coordinator/compare/paths.js';
import { runCoordinator } from '../../../coordinator/compare/running/processes.js';
import { Evaluator } from '../../../coordinator/evaluator/evaluator.js';
import { localPlacement } from '../../../coordinator/placement/local.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { emptyRun } from '../../support/runs/checkpoint.js';

test('workers, the evaluator and runs of a comparison have a session of their own, and in Windows no window', async (t) => {
  await using scratch = scratchFolder();
  const started: SpawnOptions[] = [];
  const { spawn } = childProcess;
  t.after(() => {
    childProcess.spawn = spawn;
    syncBuiltinESMExports();
  });
  childProcess.spawn = ((_command: string, _args: readonly string[], options: SpawnOptions) => {
    started.push(options);
    return spawn(process.execPath, ['--eval', ''], options);
  }) as typeof spawn;
  syncBuiltinESMExports();

  const logs = join(scratch.path, 'logs');
  mkdirSync(logs);
  {
    await using placement = localPlacement({ cards: [], libraryPath: [], allowChaos: false, logLevel: 'info' });
    const tokenFile = scratch.write('token', 'x'.repeat(64));
    const told = { ended: () => {}, say: () => {} };
    placement.start({ coordinator: '127.0.0.1:1', tokenFile, trust: undefined, logs, ...told });
    placement.ensure(2, 2);
  }
  const directory = emptyRun(join(scratch.path, 'run'));
  using evaluator = new Evaluator(directory, { say: () => {}, started: () => {} });
  await assert.rejects(evaluator.measure(1), /the evaluator (process ended|cannot be reached)/);
  const paths = runPaths(scratch.path, { name: 'one' });
  const { code } = await runCoordinator(['start'], paths, new AbortController().signal);
  assert.equal(code, 0);

  assert.deepEqual(
    started.map(({ detached, windowsHide }) => [detached, windowsHide]),
    Array.from({ length: 4 }, () => [true, true]),
  );
});

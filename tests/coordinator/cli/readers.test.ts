import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY } from '../../support/runs/faults.js';
import { coordinator, statusOf, until } from '../../support/runs/run.js';

const start = (out: string, steps: number) =>
  coordinator(['start', '--port', '0', '--out', out, ...TINY, '--steps', String(steps), '--evaluate-every', '0']);

test('a run goes on when whoever read along has gone (| head)', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, 200);
  for (const stream of [run.child.stdout, run.child.stderr]) stream?.destroy();
  const [code] = (await once(run.child, 'exit')) as [number | null];
  assert.equal(code, 0);
  assert.deepEqual([statusOf(out)?.state, statusOf(out)?.step], ['finished', 200]);
});

test('a clean stop writes its checkpoint when the reader heard the Ctrl-C first (| tee)', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, 1_000_000);
  await until('a step', () => (statusOf(out)?.state === 'running' ? true : undefined));
  for (const stream of [run.child.stdout, run.child.stderr]) stream?.destroy();
  run.child.kill('SIGINT');
  const [code] = (await once(run.child, 'exit')) as [number | null];
  assert.equal(code, 130);
  assert.equal(statusOf(out)?.state, 'stopped');
});

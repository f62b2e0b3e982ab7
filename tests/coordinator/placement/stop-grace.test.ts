/** A clean stop that does not come to an end: given up after --grace, or by a second Ctrl-C. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listCheckpoints } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import type { RunStatus } from '../../../coordinator/run/status.js';
import { childrenOf, processesOf, runs } from '../../support/machine/processes.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { treeOf } from '../../support/machine/tree.js';
import { TINY } from '../../support/runs/faults.js';
import {
  ROLES,
  type RunningCommand,
  coordinator,
  readCheckpoint,
  readJournal,
  startRun,
  until,
} from '../../support/runs/run.js';

const OPTIONS = [...TINY, '--checkpoint-every', '20'];

/** The process that has a role. */
function workerOf(out: string, role: string): number {
  const assigned = readJournal<RunEvent>(out, 'events.jsonl').findLast(
    (event) => event.event === 'role-assigned' && event.role === role,
  );
  assert.ok(assigned?.event === 'role-assigned');
  return Number(assigned.worker.split('/').at(-1));
}

const hasCheckpoint = (out: string) => () =>
  readJournal<RunEvent>(out, 'events.jsonl').some(({ event }) => event === 'checkpoint-written');

/** A run that has a checkpoint, its first generator stopped with SIGSTOP. */
async function hangingRun(out: string, ...flags: string[]): Promise<{ run: RunningCommand; workers: number[] }> {
  const run = coordinator(['start', '--port', '0', '--out', out, '--steps', '100000', ...OPTIONS, ...flags]);
  await until('a checkpoint', hasCheckpoint(out));
  const workers = childrenOf(run.child.pid ?? 0).map(({ pid }) => pid);
  assert.ok(workers.length >= 3);
  process.kill(workerOf(out, 'generator-1'), 'SIGSTOP');
  return { run, workers };
}

/** Goes on for some steps, and compares with a run that nothing happened to. */
async function assertResumable(out: string, whole: string): Promise<void> {
  const steps = (listCheckpoints(RunDirectory.open(out)).at(-1) ?? 0) + 30;
  await using resumed = coordinator(['start', '--resume', out, '--port', '0', '--steps', String(steps)]);
  const { code, stderr } = await resumed.ended;
  assert.equal(code, 0, stderr);
  assert.equal((await startRun(whole, '--steps', String(steps), ...OPTIONS)).code, 0);
  for (const role of ROLES) {
    assert.ok(readCheckpoint(out, steps, role).equals(readCheckpoint(whole, steps, role)), role);
  }
  assert.deepEqual(temporaries(out), []);
}

const temporaries = (out: string) => Object.keys(treeOf(out)).filter((file) => file.includes('.tmp'));

test('a clean stop that a hanging worker holds up is given up after the grace, and the run can be resumed', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { run, workers } = await hangingRun(out, '--grace', '3');
  await using _run = run;
  const since = performance.now();
  run.child.kill('SIGTERM');
  const { code, stdout, stderr } = await run.ended;
  const seconds = (performance.now() - since) / 1000;
  assert.equal(code, 130, stderr);
  assert.ok(seconds < 20, `it took ${seconds} s`);
  const newest = listCheckpoints(RunDirectory.open(out)).at(-1) ?? assert.fail('no checkpoint');
  assert.match(stdout, /gave up after 3 s \(--grace\): the step did not end/);
  assert.match(stdout, new RegExp(`the newest whole checkpoint is of step ${newest}\n`));
  const status = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunStatus;
  assert.deepEqual([status.state, status.step], ['stopped', newest]);
  assert.match(status.reason ?? '', /SIGTERM, and 3 s later the step was given up/);
  assert.deepEqual(temporaries(out), []);
  await until('the workers to be gone', () => !workers.some(runs));
  assert.deepEqual(processesOf(out), []);
  await assertResumable(out, join(scratch.path, 'whole'));
});

test('a second Ctrl-C ends a hanging run at once, and everything that it started', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { run, workers } = await hangingRun(out, '--grace', '3600');
  await using _run = run;
  let stderr = '';
  run.child.stderr?.on('data', (text: string) => (stderr += text));
  run.child.kill('SIGINT');
  await until('the first to be heard', () => stderr.includes('once more to stop at once'));
  // One that comes at once is taken for the first, passed on by npx: whoever means it goes on.
  const pressed = setInterval(() => run.child.kill('SIGINT'), 100);
  assert.equal((await run.ended).code, 130);
  clearInterval(pressed);
  await until('the workers to be gone', () => !workers.some(runs));
  assert.deepEqual(processesOf(out), []);
  await assertResumable(out, join(scratch.path, 'whole'));
});

test('a start that hangs before its first step is given up, and nothing is left of it', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator([
    'start',
    '--port',
    '0',
    '--out',
    out,
    '--steps',
    '100000',
    '--grace',
    '1',
    ...OPTIONS,
  ]);
  const workers = await until('its workers', () => {
    const children = childrenOf(run.child.pid ?? 0).filter(({ command }) => command.includes('join'));
    return children.length === 3 && children.map(({ pid }) => pid);
  });
  for (const pid of workers) process.kill(pid, 'SIGSTOP');
  run.child.kill('SIGTERM');
  const { code, stderr } = await run.ended;
  assert.equal(code, 130, stderr);
  await until('the workers to be gone', () => !workers.some(runs));
  assert.deepEqual(Object.keys(treeOf(scratch.path)), []);
});

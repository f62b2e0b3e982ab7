/** No process outlives its coordinator, however that died. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { canDieWithParent, dieWithParent } from '../../../coordinator/placement/die-with-parent.js';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import { childrenOf, processes, processesOf, runs } from '../../support/machine/processes.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY } from '../../support/runs/faults.js';
import { coordinator, readJournal, until } from '../../support/runs/run.js';

const OPTIONS = TINY;
const only = { skip: canDieWithParent() ? false : 'this machine cannot: it has no setpriv of util-linux' };

const isStopped = (pid: number) => processes().some((known) => known.pid === pid && known.state === 'T');

/** A run in training, and everything that it has started: its workers and its evaluator. */
async function trainingRun(out: string) {
  const evaluations = ['--evaluate-every', '20', '--checkpoint-every', '20'];
  const run = coordinator(['start', '--port', '0', '--out', out, '--steps', '100000', ...evaluations, ...OPTIONS]);
  const seen = (kind: RunEvent['event']) =>
    readJournal<RunEvent>(out, 'events.jsonl').find(({ event }) => event === kind);
  await until('the evaluator at work', () => seen('quality-measured'));
  const evaluator = seen('evaluator-started');
  assert.ok(evaluator?.event === 'evaluator-started');
  const children = childrenOf(run.child.pid ?? 0).map(({ pid }) => pid);
  assert.equal(children.length, 4, 'three workers and the evaluator');
  assert.ok(children.includes(evaluator.pid));
  return { run, children };
}

test('where it is possible the kernel is asked first, and the command keeps its arguments', () => {
  const line = { command: 'node', args: ['a b', '$HOME', '"'] };
  assert.deepEqual(dieWithParent(line, 7, false), line);
  const { command, args } = dieWithParent(line, 7, true);
  assert.deepEqual([command, args[0], args[1]], ['setpriv', '--pdeathsig', 'KILL']);
  assert.deepEqual(args.slice(-4), ['node', ...line.args]);
});

test('the command gets its arguments as they are, and does not run for a parent that is gone', only, () => {
  const print = { command: process.execPath, args: ['-p', 'process.argv.slice(1).join()', 'a b', '$HOME', "'"] };
  const child = dieWithParent(print, process.pid);
  const { stdout } = spawnSync(child.command, child.args, { encoding: 'utf8' });
  assert.equal(stdout, "a b,$HOME,'\n");
  const orphan = dieWithParent(print, process.pid + 1);
  const { stdout: nothing, status } = spawnSync(orphan.command, orphan.args, { encoding: 'utf8' });
  assert.deepEqual([nothing, status], ['', 1]);
});

test('kill -9 of the coordinator ends its workers and its evaluator, a stopped worker too', only, async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { run, children } = await trainingRun(out);
  await using _run = run;
  const [stopped = 0] = children;
  process.kill(stopped, 'SIGSTOP');
  await until('it to be stopped', () => isStopped(stopped));
  run.child.kill('SIGKILL');
  await run.ended;
  await until('all to be gone', () => !children.some(runs));
  assert.deepEqual(processesOf(out), []);
});

test('kill -9 of a suspended coordinator ends them as well', only, async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { run, children } = await trainingRun(out);
  await using _run = run;
  run.child.kill('SIGSTOP');
  await until('it to be stopped', () => isStopped(run.child.pid ?? 0));
  run.child.kill('SIGKILL');
  await run.ended;
  await until('all to be gone', () => !children.some(runs));
  assert.deepEqual(processesOf(out), []);
});

test('kill -9 during the start, before the workers have joined, leaves none', only, async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--port', '0', '--out', out, ...OPTIONS]);
  const first = await until('a first child', () => processesOf(out).filter(({ pid }) => pid !== run.child.pid)[0]);
  run.child.kill('SIGKILL');
  await run.ended;
  assert.ok(!readJournal<RunEvent>(out, 'events.jsonl').some(({ event }) => event === 'worker-joined'));
  await until('all to be gone', () => !runs(first.pid) && processesOf(out).length === 0);
});

test('SIGTERM leaves no process', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { run, children } = await trainingRun(out);
  await using _run = run;
  run.child.kill('SIGTERM');
  assert.equal((await run.ended).code, 130);
  await until('all to be gone', () => !children.some(runs));
  assert.deepEqual(processesOf(out), []);
});

/** Two coordinators and one run, as real processes. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent, StepMetrics } from '../../../../coordinator/run/journal/journal.js';
import { childrenOf, processes, runs } from '../../../support/machine/processes.js';
import { scratchFolder } from '../../../support/machine/scratch.js';
import { treeOf } from '../../../support/machine/tree.js';
import { TINY } from '../../../support/runs/faults.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun, until } from '../../../support/runs/run.js';

const OPTIONS = [...TINY, '--checkpoint-every', '20'];
const MANY = ['--steps', '100000'];

const checkpointsOf = (out: string) =>
  readJournal<RunEvent>(out, 'events.jsonl').flatMap((event) =>
    event.event === 'checkpoint-written' ? [event.step] : [],
  );
const stateOf = (pid: number) => processes().find((known) => known.pid === pid)?.state;

test('a second coordinator of a living run is refused and changes nothing; of a killed one it goes on at once, in the next term', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using first = coordinator(['start', '--port', '0', '--out', out, ...MANY, ...OPTIONS]);
  const { pid = 0 } = first.child;
  await until('a checkpoint', () => checkpointsOf(out).length > 0);
  const events = readJournal(out, 'events.jsonl').length;
  {
    await using second = coordinator(['start', '--resume', out, '--port', '0']);
    const { code, stdout, stderr } = await second.ended;
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      new RegExp(
        `a coordinator \\(${hostname()}/${pid}, since 20\\S+Z\\) is at work on \\S+: .*kill ${pid}.*--take-over`,
      ),
    );
  }
  const since = readJournal<RunEvent>(out, 'events.jsonl').slice(events);
  assert.ok(!since.some(({ event }) => event === 'run-resumed' || event === 'worker-joined'));
  const beginning = readJournal(out, 'metrics.jsonl').length;
  await until('the first to go on', () => readJournal(out, 'metrics.jsonl').length > beginning);

  first.child.kill('SIGKILL');
  await first.ended;
  const step = checkpointsOf(out).at(-1) ?? 0;
  await using third = coordinator(['start', '--resume', out, '--port', '0', '--steps', String(step + 50)]);
  const { code, stderr } = await third.ended;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/looking whether/), null, 'a dead process of this host is not waited for');
  assert.ok(Object.keys(treeOf(out)).includes('/lease.2.json'));
});

test('a suspended coordinator from whom the run was taken wakes up, says why it ends, and changes no byte of it', async () => {
  await using scratch = scratchFolder();
  const [out, whole] = [join(scratch.path, 'run'), join(scratch.path, 'whole')];
  await using first = coordinator(['start', '--port', '0', '--out', out, ...MANY, ...OPTIONS]);
  const { pid = 0 } = first.child;
  await until('a checkpoint', () => checkpointsOf(out).length > 0);
  const workers = childrenOf(pid);
  assert.ok(workers.length >= 3);
  process.kill(pid, 'SIGSTOP');
  await until('the first to be stopped', () => stateOf(pid) === 'T');
  const step = checkpointsOf(out).at(-1) ?? 0;
  const steps = step + 50;
  {
    await using refused = coordinator(['start', '--resume', out, '--port', '0', '--steps', String(steps)]);
    assert.equal((await refused.ended).code, 2, 'a stopped process lives');
    await using second = coordinator([
      'start',
      '--resume',
      out,
      '--take-over',
      '--port',
      '0',
      '--steps',
      String(steps),
    ]);
    const { code, stderr } = await second.ended;
    assert.equal(code, 0, stderr);
  }
  const before = treeOf(out);
  assert.ok('/lease.2.json' in before && !('/lease.1.json' in before));

  process.kill(pid, 'SIGCONT');
  const { code, stderr } = await first.ended;
  assert.equal(code, 1, stderr);
  assert.match(
    stderr,
    new RegExp(
      `error: another coordinator \\(${hostname()}/\\d+\\) took this run over at 20\\S+Z: this one stops and writes nothing more`,
    ),
  );
  await until('its workers to be gone', () => !workers.some((worker) => runs(worker.pid)));
  assert.deepEqual(treeOf(out), before);

  assert.equal((await startRun(whole, '--steps', String(steps), ...OPTIONS)).code, 0);
  for (const role of ROLES) {
    assert.ok(readCheckpoint(out, steps, role).equals(readCheckpoint(whole, steps, role)), role);
  }
  const committed = readJournal<StepMetrics>(out, 'metrics.jsonl').map((line) => line.step);
  assert.deepEqual(
    committed,
    Array.from({ length: steps }, (_, i) => i + 1),
  );
});

test('a run that came to nothing leaves no lease, and --take-over needs a run to take', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using command = coordinator(['start', '--take-over', '--out', out]);
  const { code, stderr } = await command.ended;
  assert.equal(code, 2);
  assert.match(stderr, /--take-over takes a run from another coordinator: name the run with --resume DIR/);
  await using stopped = coordinator(['start', '--placement', 'external', '--port', '0', '--out', out]);
  await until('it to listen', () => readJournal(out, 'events.jsonl').length > 0);
  stopped.child.kill('SIGINT');
  assert.equal((await stopped.ended).code, 130);
  assert.deepEqual(Object.keys(treeOf(scratch.path)), []);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listCheckpoints } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun, until } from '../../support/runs/run.js';

const OPTIONS = ['--data', 'ring8', '--width', '0.25', '--batch', '16'];

test('Ctrl-C stops after a step with a checkpoint, and a resumed run ends with the bits of one never stopped', async () => {
  await using scratch = scratchFolder();
  const [stopped, whole] = [join(scratch.path, 'stopped'), join(scratch.path, 'whole')];
  await using run = coordinator(['start', '--port', '0', '--out', stopped, '--steps', '100000', ...OPTIONS]);
  await until('20 committed steps', () => readJournal(stopped, 'metrics.jsonl').length >= 20);
  run.child.kill('SIGINT');
  // As npx passes on a Ctrl-C that the terminal has sent to both: another signal, so that the system does not make them one.
  run.child.kill('SIGTERM');
  const { code, stdout, stderr } = await run.ended;
  assert.equal(code, 130, stderr);
  assert.match(stdout, /stopped at step \d+ with a checkpoint/);
  // By the coordinator's word, without a signal.
  for (const number of [1, 2, 3]) {
    const log = readFileSync(join(stopped, 'logs', `worker-${number}.log`), 'utf8');
    const last = JSON.parse(log.trimEnd().split('\n').at(-1) ?? '') as { event: string; msg: string };
    assert.equal(last.event, 'worker-ended');
    assert.doesNotMatch(last.msg, /SIG/);
  }
  const [step = 0] = listCheckpoints(RunDirectory.open(stopped));
  assert.ok(step >= 20);
  assert.equal(readJournal<StepMetrics>(stopped, 'metrics.jsonl').at(-1)?.step, step);
  const { state } = JSON.parse(readFileSync(join(stopped, 'run.json'), 'utf8')) as { state: string };
  assert.equal(state, 'stopped');

  const steps = String(step + 30);
  await using resumed = coordinator(['start', '--resume', stopped, '--port', '0', '--steps', steps]);
  const again = await resumed.ended;
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(
    readJournal<StepMetrics>(stopped, 'metrics.jsonl').map((line) => line.step),
    Array.from({ length: step + 30 }, (_, i) => i + 1),
  );
  const undisturbed = await startRun(whole, '--steps', steps, ...OPTIONS);
  assert.equal(undisturbed.code, 0, undisturbed.stderr);
  for (const role of ROLES) {
    assert.ok(readCheckpoint(stopped, step + 30, role).equals(readCheckpoint(whole, step + 30, role)), role);
  }
});

test('a damaged checkpoint is named and passed over for the one before it', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const first = await startRun(out, '--steps', '20', '--checkpoint-every', '10', ...OPTIONS);
  assert.equal(first.code, 0, first.stderr);
  const file = join('run', 'checkpoints', 'step-000020', 'generator-1.safetensors');
  const bytes = readFileSync(join(scratch.path, file));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  scratch.write(file, bytes);
  await using resumed = coordinator(['start', '--resume', out, '--port', '0', '--steps', '25']);
  const { code, stdout, stderr } = await resumed.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /generator-1\.safetensors is damaged.*passed over/);
  assert.match(stdout, /resumed +from step 10/);
});

test('a run is not resumed with another config, or other threads', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  assert.equal((await startRun(out, '--steps', '2', '--threads', '1', ...OPTIONS)).code, 0);
  for (const [flag, value, reason] of [
    ['--seed', '2', /--seed cannot change when a run is resumed/],
    ['--threads', '2', /--threads 2 is not what this run was trained with \(1, 1, 1\)/],
  ] as const) {
    await using resumed = coordinator(['start', '--resume', out, '--steps', '5', '--port', '0', flag, value]);
    const { code, stderr } = await resumed.ended;
    assert.equal(code, 2, stderr);
    assert.match(stderr, reason);
  }
});

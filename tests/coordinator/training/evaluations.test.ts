import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import type { RunEvent, StepMetrics } from '../../../coordinator/run/journal/journal.js';
import type { Best, Quality } from '../../../coordinator/run/journal/quality.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { newestOf } from '../../support/runs/events.js';
import { TINY } from '../../support/runs/faults.js';
import { coordinator, readCheckpoint, readJournal, startRun, until } from '../../support/runs/run.js';

const OPTIONS = TINY;
const events = (out: string) => readJournal<RunEvent>(out, 'events.jsonl');

test('every step has its scores, and every so many its signals', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const run = await startRun(out, '--steps', '12', '--signals-every', '5', '--evaluate-every', '0', ...OPTIONS);
  assert.equal(run.code, 0, run.stderr);
  const metrics = readJournal<StepMetrics>(out, 'metrics.jsonl');
  for (const { scores } of metrics) {
    assert.deepEqual(Object.keys(scores), ['x', 'g1', 'g2']);
    assert.ok(Object.values(scores).every((score) => score > 0 && score < 1));
  }
  assert.deepEqual(
    metrics.flatMap(({ step, signals }) => (signals ? [step] : [])),
    [5, 10],
  );
  const signals = metrics[9]?.signals;
  assert.ok(signals);
  assert.deepEqual(Object.keys(signals.diversity), ['g1', 'g2']);
  assert.ok(Object.values(signals.diversity).every((ratio) => ratio > 0));
  assert.ok(Object.keys(signals.sigma).length >= 2 && Object.values(signals.sigma).every((sigma) => sigma > 0));
  assert.ok(Math.abs(Object.values(signals.updateShare).reduce((a, b) => a + b, 0) - 1) < 1e-9);
});

test('a process of low priority evaluates beside the training, and when it dies the training goes on without', async () => {
  await using scratch = scratchFolder();
  const [out, undisturbed] = [join(scratch.path, 'run'), join(scratch.path, 'undisturbed')];
  const args = ['--steps', '300', '--checkpoint-every', '300', ...OPTIONS];
  await using run = coordinator(['start', '--port', '0', '--out', out, '--evaluate-every', '20', ...args]);
  const { pid } = await until('the evaluator', () => newestOf(events(out), 'evaluator-started'));
  await until('an evaluation', () => newestOf(events(out), 'quality-measured'));
  assert.ok(getPriority(pid) > getPriority(run.child.pid ?? 0));
  process.kill(pid, 'SIGKILL');
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.match(newestOf(events(out), 'evaluation-ended')?.reason ?? '', /evaluator process ended with signal SIGKILL/);
  assert.equal(readJournal(out, 'metrics.jsonl').length, 300);

  const without = await startRun(undisturbed, '--evaluate-every', '0', ...args);
  assert.equal(without.code, 0, without.stderr);
  for (const role of ['discriminator', 'generator-1', 'generator-2']) {
    assert.ok(
      readCheckpoint(out, 300, role).equals(readCheckpoint(undisturbed, 300, role)),
      'evaluations change no bit',
    );
  }
});

test('the last step is evaluated too, and a run that goes on forgets it if none was due there', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const run = await startRun(out, '--steps', '25', '--evaluate-every', '10', ...OPTIONS);
  assert.equal(run.code, 0, run.stderr);
  const lines = () => readJournal<Quality>(out, 'quality.jsonl').map(({ step, extra = false }) => [step, extra]);
  assert.deepEqual(lines(), [
    [10, false],
    [20, false],
    [25, true],
  ]);
  await using resumed = coordinator(['start', '--resume', out, '--steps', '30', '--port', '0']);
  const { code, stderr } = await resumed.ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(lines(), [
    [10, false],
    [20, false],
    [30, false],
  ]);
});

test('an evaluation says what was measured and how it stands to the best', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { code, stdout, stderr } = await startRun(out, '--steps', '20', '--evaluate-every', '10', ...OPTIONS);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /step 10 {2}KID \d\.\d{4}, best \d\.\d{4} at step 10, ratio 1\.00, \d of 8 modes/);
  let best: Best | undefined;
  for (const quality of readJournal<Quality>(out, 'quality.jsonl')) {
    best = best !== undefined && best.kid <= quality.kid ? best : { step: quality.step, kid: quality.kid };
    assert.deepEqual([quality.bestStep, quality.best], [best.step, best.kid]);
    assert.equal(quality.ratio, Math.max(quality.kid, quality.floor) / Math.max(best.kid, quality.floor));
    assert.deepEqual(Object.keys(quality.generators), ['generator-1', 'generator-2']);
    assert.ok(quality.floor > 0 && quality.floor < 0.1, `real data differs from real data by ${quality.floor}`);
  }
  assert.equal(events(out).filter(({ event }) => event === 'quality-measured').length, 2);
});

test('data without a feature network is trained on without evaluations, which is said once', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  for (let i = 0; i < 8; i += 1) {
    const grey = { r: i * 30, g: i * 30, b: i * 30 };
    const image = sharp({ create: { width: 16, height: 16, channels: 3, background: grey } });
    scratch.write(join('images', `${i}.png`), await image.png().toBuffer());
  }
  const args = ['--data', join(scratch.path, 'images'), '--image-size', '16', '--width', '0.25', '--batch', '2'];
  const { code, stdout, stderr } = await startRun(out, '--steps', '6', '--evaluate-every', '2', ...args);
  assert.equal(code, 0, stderr);
  const ended = events(out).filter((event) => event.event === 'evaluation-ended');
  assert.equal(ended.length, 1);
  assert.match(ended[0]?.reason ?? '', /no feature network for .*images: only mnist/);
  assert.match(stdout, /no evaluations +there is no feature network/);
  assert.ok(!existsSync(join(out, 'quality.jsonl')));
});

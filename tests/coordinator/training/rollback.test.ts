import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunRecord } from '../../../coordinator/run/config/record.js';
import type { RunEvent, StepMetrics } from '../../../coordinator/run/journal/journal.js';
import type { Best, Quality } from '../../../coordinator/run/journal/quality.js';
import type { RunStatus } from '../../../coordinator/run/status.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY } from '../../support/runs/faults.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun, until } from '../../support/runs/run.js';

const STEPS = 60;
/** Every third evaluation counts as a collapse: a KID is never under a hundredth of the best. */
const FORCED = ['--collapse-ratio', '0.01'];
const OPTIONS = [...TINY, '--evaluate-every', '10'];

const json = <T>(...parts: string[]) => JSON.parse(readFileSync(join(...parts), 'utf8')) as T;
const events = (out: string) => readJournal<RunEvent>(out, 'events.jsonl');
const rollbacksOf = (out: string) => json<RunRecord>(out, 'config.json').rollbacks;
const states = (out: string, step: number) => ROLES.map((role) => readCheckpoint(out, step, role).toString('base64'));

/** What must not depend on when anything happened. */
function pathOf(out: string) {
  return {
    rollbacks: rollbacksOf(out),
    states: states(out, STEPS),
    quality: readJournal<Quality>(out, 'quality.jsonl'),
    best: json<Best>(out, 'best.json'),
    losses: readJournal<StepMetrics>(out, 'metrics.jsonl').map(({ step, discriminatorLoss }) => [
      step,
      discriminatorLoss,
    ]),
  };
}

test('a run that goes back takes another path, the same one every time, also when it is killed on the way', async (t) => {
  await using scratch = scratchFolder();
  const [first, second, killed, ignoring] = ['first', 'second', 'killed', 'ignoring'].map((name) =>
    join(scratch.path, name),
  ) as [string, string, string, string];
  const rolling = [
    '--steps',
    String(STEPS),
    '--on-collapse',
    'rollback',
    '--max-rollbacks',
    '2',
    ...FORCED,
    ...OPTIONS,
  ];
  const whole = await startRun(first, ...rolling);
  assert.equal(whole.code, 0, whole.stderr);
  const path = pathOf(first);

  await t.test('it went back to the best of the evaluations so far, twice, and no further', () => {
    const back = events(first).filter((event) => event.event === 'rolled-back');
    assert.deepEqual(
      back.map(({ branch, to, evaluated }) => ({ branch, to, evaluated })),
      path.rollbacks.map((rollback, i) => ({ branch: i + 1, ...rollback })),
    );
    assert.equal(back.length, 2);
    for (const { reason } of back) assert.match(reason, /quality-collapse: the KID was .* times the best/);
    const refused = events(first).filter((event) => event.event === 'rollback-refused');
    assert.equal(refused.length, 1);
    assert.match(refused[0]?.reason ?? '', /gone back 2 times already.*--max-rollbacks/);
  });

  await t.test('its journals tell the path that was kept, step by step', () => {
    assert.deepEqual(
      path.losses.map(([step]) => step),
      Array.from({ length: STEPS }, (_, i) => i + 1),
    );
    assert.deepEqual(
      path.quality.map(({ step }) => step),
      [10, 20, 30, 40, 50, 60],
    );
    const lowest = path.quality.reduce((best, each) => (each.kid < best.kid ? each : best));
    assert.deepEqual(path.best, { step: lowest.step, kid: lowest.kid });
  });

  await t.test('a second run comes to the same bits', async () => {
    const { code, stderr } = await startRun(second, ...rolling);
    assert.equal(code, 0, stderr);
    assert.deepEqual(pathOf(second), path);
  });

  await t.test('a run that is killed after it went back, and resumed, comes to the same bits', async () => {
    {
      await using run = coordinator(['start', '--port', '0', '--out', killed, ...rolling]);
      await until('a way back', () => events(killed).some(({ event }) => event === 'rolled-back'));
      run.child.kill('SIGKILL');
      await run.ended;
    }
    await using resumed = coordinator(['start', '--resume', killed, '--port', '0']);
    const { code, stderr } = await resumed.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(pathOf(killed), path);
  });

  await t.test('a run that ignores the same collapse says so, never goes back, and comes to other bits', async () => {
    const { code, stderr } = await startRun(ignoring, '--steps', String(STEPS), ...FORCED, ...OPTIONS);
    assert.equal(code, 0, stderr);
    const told = events(ignoring).map(({ event }) => event);
    assert.ok(told.includes('collapse-suspected'));
    assert.ok(!told.includes('rolled-back') && !told.includes('rollback-refused'));
    assert.notDeepEqual(states(ignoring, STEPS), path.states);
    const begin = readJournal<Quality>(ignoring, 'quality.jsonl').filter(({ step }) => step <= 10);
    assert.deepEqual(begin, path.quality.slice(0, 1), 'until the first way back they are one path');
  });
});

test('with --on-collapse stop the run ends with exit code 1 and the best generators beside the last', async (t) => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['--steps', '100000', '--on-collapse', 'stop', '--keep-checkpoints', '1', ...FORCED, ...OPTIONS];
  const { code, stdout, stderr } = await startRun(out, ...args);
  assert.equal(code, 1, stderr);
  assert.match(stdout, /stopped at step \d+ with a checkpoint \(quality-collapse/);
  const { state, step, reason = '' } = json<RunStatus>(out, 'run.json');
  assert.equal(state, 'stopped');
  assert.match(reason, /^quality-collapse: /);

  const best = json<Best>(out, 'best.json');
  assert.ok(best.step < step);
  await t.test('the best checkpoint outlives the limit, the others do not', () => {
    const kept = readdirSync(join(out, 'checkpoints')).map((name) => Number(name.replace('step-', '')));
    assert.deepEqual(kept, [best.step, step]);
    assert.equal(
      readJournal<Quality>(out, 'quality.jsonl').at(-1)?.step,
      30,
      'what came after the decision is not told',
    );
  });

  await t.test('--step best means it, for export and for sample', async () => {
    await using exporting = coordinator([
      'export',
      '--run',
      out,
      '--step',
      'best',
      '--out',
      join(scratch.path, 'models'),
    ]);
    const exported = await exporting.ended;
    assert.equal(exported.code, 0, exported.stderr);
    assert.match(exported.stdout, new RegExp(`generator-1 of step ${best.step}: `));
    const weights = (...parts: string[]) => readFileSync(join(...parts, 'generator-1', 'weights.bin'));
    assert.deepEqual(weights(out, 'export', 'best'), weights(scratch.path, 'models'));
    assert.notDeepEqual(weights(out, 'export', 'best'), weights(out, 'export'));
    await using sampling = coordinator(['sample', '--run', out, '--step', 'best', '--count', '4']);
    assert.match((await sampling.ended).stdout, new RegExp(`of step ${best.step}: `));
  });
});

test('without evaluations a run has no best, and --step best says so', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const run = await startRun(out, '--steps', '2', ...OPTIONS, '--evaluate-every', '0');
  assert.equal(run.code, 0, run.stderr);
  assert.ok(!existsSync(join(out, 'quality.jsonl')) && !existsSync(join(out, 'export', 'best')));
  await using sampling = coordinator(['sample', '--run', out, '--step', 'best']);
  const { code, stderr } = await sampling.ended;
  assert.equal(code, 2);
  assert.match(stderr, /has no best checkpoint, because nothing of it was evaluated: name a step/);
});

import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { processSpace, startOf } from '../../../common/process/process-stat.js';
import { EventLog } from '../../../coordinator/view/event-log.js';
import { QualityLog } from '../../../coordinator/view/quality-log.js';
import { viewOf } from '../../../coordinator/view/read-run.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { liveOf, recordedRun } from '../../support/runs/recorded-run.js';

/** As coordinator/store/file/lease.ts writes it. */
const leaseBy = (pid: number, started: string) =>
  JSON.stringify({ term: 1, host: hostname(), pid, started, space: processSpace(), since: new Date().toISOString() });

test('a finished run is told by its directory: last step, speed by the median, nothing left', async () => {
  await using scratch = scratchFolder();
  const run = recordedRun(join(scratch.path, 'first'), 60);
  // A recovery took a minute of one step: no sign of the speed.
  run.steps(1, 60, (step) => ({ ms: step === 40 ? 60_000 : 50 }));
  run.status({ state: 'finished', step: 60 });
  const view = viewOf(run.directory);
  assert.deepEqual(
    { id: view.id, state: view.state, step: view.step, steps: view.steps, ms: view.stepMs, live: view.live },
    { id: 'first', state: 'finished', step: 60, steps: 60, ms: 50, live: false },
  );
  assert.deepEqual([view.secondsLeft, view.page, view.address, view.workers], [0, '', '', []]);
});

test('a run that its coordinator tells of has its state, its step of a replay, and the time that is left', async () => {
  await using scratch = scratchFolder();
  const run = recordedRun(join(scratch.path, 'run'), 1000);
  run.steps(1, 400, () => ({ ms: 100 }));
  run.status({ page: 'http://127.0.0.1:8080' });
  const view = viewOf(run.directory, liveOf({ state: 'recovering', step: 380, epoch: 2 }));
  assert.deepEqual([view.state, view.step, view.epoch, view.live], ['recovering', 380, 2, true]);
  assert.equal(view.secondsLeft, 62);
  assert.equal(view.page, 'http://127.0.0.1:8080');
  assert.equal(view.workers.length, 3);
});

test('a run whose coordinator was killed is no longer driven, and says how to go on', async () => {
  await using scratch = scratchFolder();
  const run = recordedRun(join(scratch.path, 'run'));
  run.steps(1, 5);
  run.status({});
  scratch.write('run/lease.1.json', leaseBy(process.pid, startOf(process.pid)));
  assert.deepEqual([viewOf(run.directory).state, viewOf(run.directory).live], ['training', true], 'it lives');
  scratch.write('run/lease.1.json', leaseBy(process.pid, 'another process that had this id'));
  const view = viewOf(run.directory);
  assert.deepEqual([view.state, view.live, view.step], ['failed', false, 5]);
  assert.match(view.reason, /its coordinator is gone, .*--resume .*run$/);
});

test('files that are missing yet and lines that are half written are no errors', async () => {
  await using scratch = scratchFolder();
  const run = recordedRun(join(scratch.path, 'run'));
  assert.deepEqual([viewOf(run.directory, liveOf({ step: 0 })).step, viewOf(run.directory).stepMs], [0, 0]);
  run.steps(1, 2);
  appendFileSync(run.directory.file('metrics.jsonl'), '{"step":3,"ms":');
  scratch.write('run/run.json', '{"sta');
  assert.deepEqual([viewOf(run.directory).step, viewOf(run.directory).stepMs], [2, 10]);
});

test('a recovery stands from the step that was called off until it is committed, with its first reason', () => {
  const log = new EventLog('/runs/a');
  const off = (step: number, reason: string) => ({
    event: 'step-called-off',
    time: 'T1',
    step,
    cause: 'crashed',
    role: 'generator-1',
    reason,
  });
  log.add({ event: 'checkpoint-written', step: 400, bytes: 1, milliseconds: 1 });
  log.add(off(430, 'killed'));
  log.add(off(430, 'killed again'));
  assert.deepEqual(log.part().recovery, { since: 'T1', step: 430, reason: 'killed' });
  assert.deepEqual(
    log.part().markers.map(({ kind, step }) => [kind, step]),
    [
      ['checkpoint', 400],
      ['fault', 430],
      ['fault', 430],
    ],
  );
  log.add({ event: 'recovered' });
  assert.equal(log.part().recovery, null);
  log.add({ event: 'of a later version', step: 'x' });
  log.add({ event: 'samples-written', step: 1, file: '/runs/a/samples/step-000001.png' });
  const [later, drawn] = log.part(4).events;
  assert.deepEqual([later?.number, later?.text], [5, 'of a later version']);
  assert.doesNotMatch(drawn?.text ?? '', /\/runs\/a/, 'paths are of the run directory');
});

test('evaluations of a long run are thinned, with the newest and the best of all', () => {
  const log = new QualityLog(10);
  for (let i = 1; i <= 1001; i += 1) log.add({ step: i * 500, kid: i === 333 ? 0.01 : 1 + i / 1000, floor: 0.02 });
  log.add({ step: 1, kid: null as unknown as number });
  const { points, best } = log.view();
  assert.ok(points.length >= 5 && points.length <= 11, String(points.length));
  assert.equal(points.at(-1)?.step, 1001 * 500);
  assert.deepEqual(
    points.map(({ step }) => step),
    points.map(({ step }) => step).sort((a, b) => a - b),
  );
  assert.deepEqual(best, { step: 333 * 500, kid: 0.01 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../common/errors.js';
import { measureScale, sizesOf } from '../../bench/scale/main.js';
import { type SizeFigures, type StageFigures, measureSize } from '../../bench/scale/measure.js';
import { msPerWorker, report, shareOfIdeal, whereItBends } from '../../bench/scale/report.js';
import { stagesOf } from '../../bench/scale/stages.js';

const [STEPS, COMPUTE_MS] = [20, 10];
/** An HTTP/2 frame's header and a gRPC message's. */
const FRAMING = 9 + 5;

test('a small run commits all its steps, its bytes are counted both ways, and its figures fit together', async () => {
  const sizes: SizeFigures[] = [];
  for (const workers of [2, 4]) {
    const stages = stagesOf(STEPS, COMPUTE_MS, 5, 1000);
    const figures = await measureSize(workers, stages);
    sizes.push(figures);
    assert.equal(figures.committed, 5 + 2 * STEPS + 2);
    assert.equal(figures.connections, workers, 'one each, as workers in processes of their own have');
    for (const stage of [figures.fast, figures.paced]) {
      assert.equal(stage.steps, STEPS);
      assertPlausible(stage, workers);
    }
    const { fast, paced } = figures;
    // Timers are never early, by more than the clock's own grain.
    assert.ok(paced.computeMs > COMPUTE_MS - 1 && paced.stepMs > COMPUTE_MS - 1);
    assert.ok(fast.computeMs < paced.computeMs);
    assert.equal(msPerWorker(figures), paced.coordinatorMs / workers);
    assert.equal(shareOfIdeal(figures), paced.computeMs / paced.stepMs);
    assert.ok(figures.idleMsPerSecond > 0 && figures.idleMsPerSecond < 1000);
    assert.ok(figures.residentBytes > 30e6);
  }
  const [two, four] = sizes as [SizeFigures, SizeFigures];
  const ratio = (of: (stage: StageFigures) => number) => of(four.fast) / of(two.fast);
  // Of two each way, all have commits of the same length; the votes differ by role. Heartbeats come in between.
  assert.ok(ratio(({ bytesFromCoordinator }) => bytesFromCoordinator) > 1.9);
  assert.ok(ratio(({ bytesToCoordinator }) => bytesToCoordinator) > 1.5);
  const text = report(sizes, COMPUTE_MS, STEPS);
  assert.equal(text.split('\n').filter((line) => /^[24] +\d+\.\d\d /.test(line)).length, 2, text);
  assert.doesNotMatch(text, /NaN|Infinity|undefined/);
});

function assertPlausible(stage: StageFigures, workers: number): void {
  const { coordinatorMs, simulatedMs, stepMs, bytesToCoordinator, bytesFromCoordinator, latencyMs } = stage;
  for (const figure of [coordinatorMs, simulatedMs, stepMs, latencyMs.median, latencyMs.p99])
    assert.ok(Number.isFinite(figure) && figure > 0, JSON.stringify(stage));
  assert.ok(latencyMs.p99 >= latencyMs.median);
  // Every step has a vote and a commit of every worker.
  assert.ok(bytesFromCoordinator > workers * FRAMING && bytesFromCoordinator < workers * 200, JSON.stringify(stage));
  assert.ok(bytesToCoordinator > workers * (FRAMING + 100) && bytesToCoordinator < workers * 2000);
}

test('it bends where computing is less than nine tenths of a step, and the aim is held against every size', () => {
  const stage = (coordinatorMs: number, stepMs: number): StageFigures => ({
    ...{ steps: 10, computeMs: 20, coordinatorMs, stepMs, simulatedMs: 1, bytesToCoordinator: 1 },
    ...{ bytesFromCoordinator: 1, latencyMs: { median: stepMs - 20, p99: stepMs } },
  });
  const size = (workers: number, coordinatorMs: number, stepMs: number): SizeFigures => ({
    ...{ workers, committed: 10, connections: workers, idleMsPerSecond: 1, residentBytes: 1 },
    ...{ fast: stage(1, 1), paced: stage(coordinatorMs, stepMs) },
  });
  const sizes = [size(2, 1.1, 21), size(8, 1.4, 22), size(32, 2.6, 23), size(128, 7.4, 30)];
  const text = whereItBends(sizes, 20);
  assert.match(text, /^It bends at 32 workers, where a step of 20 ms of computing takes 23\.0 ms/);
  assert.match(text, /the commit comes 3\.0 ms after the last vote, and the coordinator's one thread works 2\.6 ms;/);
  assert.match(text, /a step costs it 1\.00 ms and 0\.050 ms more a worker\./);
  assert.match(text, /Kept is the aim of 0\.2 ms a worker and step with 8, 32, 128 workers, missed with 2\.$/);
  assert.match(
    whereItBends(sizes.slice(0, 2), 20),
    /^It does not bend up to 8 workers; .* with 8 workers, missed with 2\.$/,
  );
  assert.match(whereItBends(sizes.slice(0, 1), 20), /^It does not bend up to 2 workers\. Missed is the aim/);
});

test('numbers of workers that no run has are refused, with what would do', async () => {
  assert.deepEqual(sizesOf('128, 2,3,3'), [2, 3, 128]);
  assert.throws(
    () => sizesOf('1,2'),
    /no run has 1 worker, a discriminator needs a generator; the smallest number is 2/,
  );
  for (const text of ['0', '129', '2,', 'two', '2.5', ''])
    assert.throws(() => sizesOf(text), /^UsageError: --workers takes whole numbers from 1 to 128, not '/);
  const refused = (options: { compute?: string; steps?: string }, reason: RegExp) =>
    assert.rejects(
      measureScale({ workers: '2', compute: '1', steps: '10', ...options }),
      (error) => error instanceof UsageError && reason.test(error.message),
    );
  await refused({ compute: '0' }, /--compute takes whole numbers from 1 to 10000, not '0'/);
  await refused({ steps: '9' }, /--steps takes whole numbers from 10 to 1000000, not '9'/);
});

/** The most workers that a run can have, simulated: what grows with their number must still be served and read. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CoordinatorUnderTest } from '../../../bench/scale/coordinator-under-test.js';
import { SimulatedWorker } from '../../../bench/scale/simulated-worker.js';
import { listCheckpoints, verifyCheckpoint } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { rolesOf } from '../../../coordinator/training/crew/roles.js';
import type { RunView } from '../../../coordinator/view/run-view.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { samplesOf, scrape, valueOf } from '../../support/monitoring/scrape.js';
import { coordinator, readJournal, statusOf } from '../../support/runs/run.js';

const [WORKERS, STEPS, HELD] = [128, 60, 55];
/** Series of /metrics that do not depend on the number of workers, and those of each. */
const [SERIES, SERIES_OF_A_WORKER] = [200, 11];

test('128 workers train, and config, journal, metrics, page, status and checkpoint hold all of them', async () => {
  await using scratch = scratchFolder();
  await using run = await CoordinatorUnderTest.start(join(scratch.path, 'coordinator'), WORKERS, STEPS);
  let [goOn, reached]: [() => void, () => void] = [() => {}, () => {}];
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const waiting = new Promise<void>((resolve) => (reached = resolve));
  let committed = 0;
  const workers = Array.from(
    { length: WORKERS },
    () =>
      new SimulatedWorker({
        coordinator: run.address,
        token: run.token,
        generators: WORKERS - 1,
        computed: (step) => (step === HELD ? held : undefined),
        voting: () => {},
        committed(step) {
          if (step === HELD - 1) committed += 1;
          if (committed === WORKERS) reached();
        },
      }),
  );
  const over = Promise.all([...workers.map((worker) => worker.over), run.finished()]);
  await Promise.race([waiting, over]);
  const { page = '', metrics = '' } = statusOf(run.run) ?? {};
  const samples = samplesOf(await scrape(new URL(metrics).host));
  assert.equal(samples.filter(({ name }) => name === 'duet_generator_loss').length, WORKERS - 1);
  assert.equal(valueOf(samples, 'duet_workers', { state: 'ready' }), WORKERS);
  assert.ok(samples.length < SERIES + SERIES_OF_A_WORKER * WORKERS, `${samples.length} series`);
  const view = (await (await fetch(`${page}/api/run`)).json()) as RunView;
  assert.deepEqual([view.state, view.step, view.workers.length], ['training', HELD - 1, WORKERS]);
  assert.equal((await fetch(page)).status, 200);
  await using status = coordinator(['status', '--run', run.run]);
  const { code, stdout, stderr } = await status.ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /generator-127/);
  goOn();
  await over;

  const roles = rolesOf(WORKERS - 1);
  const directory = RunDirectory.open(run.run);
  const { training } = directory.readJson('config.json') as { training: { generators: number } };
  assert.equal(training.generators, WORKERS - 1);
  const journal = readJournal<StepMetrics>(run.run, 'metrics.jsonl');
  assert.deepEqual(
    journal.map(({ step }) => step),
    Array.from({ length: STEPS }, (_, i) => i + 1),
  );
  assert.deepEqual(Object.keys(journal.at(-1)?.gradientNorms ?? {}), roles);
  assert.equal(journal.at(-1)?.generatorLosses.length, WORKERS - 1);
  assert.deepEqual(listCheckpoints(directory), [STEPS]);
  verifyCheckpoint(directory, STEPS, roles);
  const picture = readFileSync(directory.file('samples', 'step-000060.png'));
  assert.equal(picture.subarray(1, 4).toString(), 'PNG');
});

/** Whole runs that last in a real nats-server: nothing that happens to it, to the coordinator or to its directory changes a bit. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { RunEvent, StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { metricsOf, samplesOf, scrape } from '../../support/monitoring/scrape.js';
import { TINY, pidOf } from '../../support/runs/faults.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun, statusOf, until } from '../../support/runs/run.js';
import { startNatsServer } from '../../support/stores/nats-server.js';
import { QUIET, contentOf, copyOf, natsStore } from '../../support/stores/store.js';

const STEPS = 400;
const OPTIONS = [...TINY, '--evaluate-every', '0'];
const RUN = [...OPTIONS, '--steps', String(STEPS), '--checkpoint-every', '50', '--sample-every', '100'];
const weights = (out: string) => ROLES.map((role) => readCheckpoint(out, STEPS, role).toString('base64'));
const stepsOf = (out: string) => readJournal<StepMetrics>(out, 'metrics.jsonl').map(({ step }) => step);
const eventsOf = (out: string) => readJournal<RunEvent>(out, 'events.jsonl');
const ALL = Array.from({ length: STEPS }, (_, i) => i + 1);

const start = (store: string, out: string, ...more: string[]) =>
  coordinator(['start', '--continue', '--port', '0', '--store', store, '--out', out, ...RUN, ...more]);

test('a run in NATS goes on from an empty directory after its coordinator and its directory are gone, with the same bits', async () => {
  await using scratch = scratchFolder();
  const undisturbed = join(scratch.path, 'undisturbed');
  assert.equal((await startRun(undisturbed, ...RUN)).code, 0);
  await using server = await startNatsServer(scratch);
  const out = join(scratch.path, 'work', 'run');
  {
    await using first = start(server.url, out);
    await until('steps after a checkpoint', () => (stepsOf(out).at(-1) ?? 0) > 130);
    first.child.kill('SIGKILL');
    await first.ended;
  }
  renameSync(join(scratch.path, 'work'), join(scratch.path, 'gone'));
  await using second = start(server.url, out);
  const { code, stdout, stderr } = await second.ended;
  assert.equal(code, 0, stderr);
  const [, from] = /resumed +from step (\d+)\n/.exec(stdout) ?? [];
  assert.ok(Number(from) >= 50, `not from the start: ${stdout}`);
  assert.deepEqual(weights(out), weights(undisturbed));
  assert.deepEqual(stepsOf(out), ALL, 'every step once, those before the loss too');
  const losses = (path: string) =>
    readJournal<StepMetrics>(path, 'metrics.jsonl').map(({ averageGeneratorLoss }) => averageGeneratorLoss);
  assert.deepEqual(losses(out), losses(undisturbed));

  const kept = contentOf(RunDirectory.open(out));
  const copy = copyOf(scratch.path, 'run', 'copy');
  await using store = await natsStore(server.url);
  await using _run = await store.open(copy, QUIET);
  assert.deepEqual(contentOf(copy), kept, 'NATS has the run, byte for byte');
});

test('NATS away: the training goes on and catches up; away for longer than --store-lag it waits, says why, and nothing is lost', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  const out = join(scratch.path, 'work', 'run');
  // As many steps as it takes: the end of the outage is what the test waits for.
  await using run = start(server.url, out, '--steps', '100000', '--store-lag', '12', '--metrics-port', '0');
  const metrics = new URL(await metricsOf(out)).host;
  const valueOf = async (name: string) =>
    samplesOf(await scrape(metrics)).find((sample) => sample.name === name)?.value ?? Number.NaN;
  await until('a step', () => stepsOf(out).length > 10);
  await until('no lag', async () => (await valueOf('duet_store_lag_seconds')) < 2);

  await server.kill();
  const before = stepsOf(out).length;
  await until('a lag', async () => (await valueOf('duet_store_lag_seconds')) > 3);
  assert.ok(stepsOf(out).length > before + 20, 'steps are committed meanwhile');
  const behind = await until('that it is told', () => eventsOf(out).find(({ event }) => event === 'store-behind'));
  assert.match('reason' in behind ? behind.reason : '', /nats:\/\/127\.0\.0\.1:\d+/);
  const waits = async () => {
    const shown = await fetch(`${statusOf(out)?.page}/api/run`);
    const { state, reason } = (await shown.json()) as { state: string; reason: string };
    return state === 'waiting' && reason;
  };
  const reason = await until('the wait', waits);
  assert.match(
    reason,
    /^the training waits for the store nats:\/\/127\.0\.0\.1:\d+, which is 1\d s behind \(--store-lag 12\): /,
  );
  const waiting = stepsOf(out).length;

  await server.start();
  await until('the way on', () => stepsOf(out).length > waiting + 20);
  const back = await until('its end', () => eventsOf(out).find(({ event }) => event === 'store-caught-up'));
  assert.ok('pausedMs' in back && back.pausedMs > 0, JSON.stringify(back));
  assert.equal(eventsOf(out).filter(({ event }) => event === 'worker-lost' || event === 'step-called-off').length, 0);
  run.child.kill('SIGTERM');
  const ended = await run.ended;
  assert.equal(ended.code, 130, ended.stderr);
  const copy = copyOf(scratch.path, 'run', 'copy');
  await using store = await natsStore(server.url);
  await using _run = await store.open(copy, QUIET);
  assert.deepEqual(contentOf(copy), contentOf(RunDirectory.open(out)));
  const steps = stepsOf(copy.path);
  assert.deepEqual(
    steps,
    Array.from({ length: steps.length }, (_, i) => i + 1),
  );
});

test('told to end while NATS is away: within --grace, with exit code 1 and where the rest is; a later start brings it there', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  const out = join(scratch.path, 'work', 'run');
  {
    await using run = start(server.url, out, '--grace', '3');
    await until('a step', () => stepsOf(out).length > 60);
    await server.kill();
    await until('steps that NATS lacks', () => stepsOf(out).length > 100);
    run.child.kill('SIGTERM');
    const { code, stdout } = await run.ended;
    assert.equal(code, 1, stdout);
    assert.match(stdout, /lacks the newest \d+ changes of the run/);
    assert.match(stdout, /with the next start --continue from it/);
  }
  const left = readFileSync(join(out, 'metrics.jsonl'), 'utf8');
  await server.start();
  await using again = start(server.url, out);
  const { code, stderr } = await again.ended;
  assert.equal(code, 0, stderr);
  assert.ok(readFileSync(join(out, 'metrics.jsonl'), 'utf8').startsWith(left), 'the steps before are those of before');
  const copy = copyOf(scratch.path, 'run', 'copy');
  await using store = await natsStore(server.url);
  await using _run = await store.open(copy, QUIET);
  assert.deepEqual(contentOf(copy), contentOf(RunDirectory.open(out)));
});

test('NATS that lost all it had: the coordinator stops and says so, and its next start brings the whole run there again', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch, { name: 'nats' });
  const out = join(scratch.path, 'work', 'run');
  {
    await using run = start(server.url, out, '--steps', '1000');
    await until('steps after a checkpoint', () => stepsOf(out).length > 130);
    await server.kill();
    rmSync(join(scratch.path, 'nats'), { recursive: true });
    await server.start();
    const { code, stderr } = await run.ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error: the store .*deleted there.* this coordinator stops.* started again with the same --out it brings there what is missing\n$/,
    );
  }
  await using again = start(server.url, out, '--steps', '1000');
  const { code, stderr } = await again.ended;
  assert.equal(code, 0, stderr);
  const copy = copyOf(scratch.path, 'run', 'copy');
  await using store = await natsStore(server.url);
  await using _run = await store.open(copy, QUIET);
  assert.deepEqual(contentOf(copy), contentOf(RunDirectory.open(out)));
});

test('how a run failed is in NATS when the coordinator has ended', async () => {
  await using scratch = scratchFolder();
  await using server = await startNatsServer(scratch);
  const out = join(scratch.path, 'work', 'run');
  await using run = start(server.url, out, '--max-crashes', '0', '--steps', '100000');
  await until('a step', () => stepsOf(out).length > 60);
  const pid = pidOf(out, 'generator-1') ?? 0;
  process.kill(pid, 'SIGKILL');
  assert.equal((await run.ended).code, 1);
  const copy = copyOf(scratch.path, 'run', 'copy');
  await using store = await natsStore(server.url);
  await using _run = await store.open(copy, QUIET);
  assert.equal(eventsOf(copy.path).at(-1)?.event, 'run-failed');
  assert.equal(statusOf(copy.path)?.state, 'failed');
  assert.deepEqual(contentOf(copy), contentOf(RunDirectory.open(out)));
});

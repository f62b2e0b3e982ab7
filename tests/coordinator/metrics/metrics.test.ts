import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveHttp } from '../../../common/http-server.js';
import { ALL_METRICS, RUN_METRICS } from '../../../common/metrics/names.js';
import type { RunEvent, StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { NEEDS_PROMTOOL } from '../../support/monitoring/prometheus.js';
import { metricsOf, samplesOf, scrape, targetsOf, valueOf } from '../../support/monitoring/scrape.js';
import { TINY, eventsNamed, faultOf, inject, pidOf } from '../../support/runs/faults.js';
import { ROLES, coordinator, readJournal, startRun, statusOf, until } from '../../support/runs/run.js';

/** Points have no classes. */
const NOT_OF_POINTS: readonly string[] = [RUN_METRICS.classEntropy.name];
const HISTOGRAM = /_(?:bucket|sum|count)$/;

test('a run with faults: every metric is there with its labels, agrees with the journals, and every process is found', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const often = ['--checkpoint-every', '50', '--evaluate-every', '100', '--signals-every', '10', '--spares', '1'];
  await using _run = coordinator([
    ...['start', '--port', '0', '--page-port', '0', '--metrics-port', '0', '--out', out, '--steps', '1000000'],
    ...[...TINY, ...often, '--allow-chaos'],
  ]);
  const origin = await metricsOf(out);
  await Promise.all([
    inject(out, faultOf('kill', { role: 'generator-1', atStep: 60 })),
    inject(out, faultOf('nan', { role: 'generator-2', atStep: 120 })),
  ]);
  const own = new URL(origin).host;
  await until(
    'two recoveries and an evaluation',
    () => eventsNamed(out, 'recovered').length === 2 && eventsNamed(out, 'quality-measured').length > 0,
  );
  const workers = async () =>
    (await targetsOf(origin)).filter(({ labels }) => labels.__meta_duet_role !== 'coordinator');
  const roles = async () => (await workers()).map(({ labels }) => labels.__meta_duet_role).sort();
  await until('a spare in place of the one that was killed', async () => (await roles()).length === 4);
  assert.deepEqual(await roles(), [...ROLES, 'spare'].sort());
  const [lost] = eventsNamed(out, 'worker-lost');
  assert.equal(lost?.role, 'generator-1');
  assert.notEqual(Number(lost?.worker.split('/').at(-1)), pidOf(out, 'generator-1'));
  const targets = [own, ...(await workers()).flatMap(({ targets }) => targets)];
  const texts = await Promise.all(targets.map(scrape));
  const samples = texts.flatMap(samplesOf);

  const seen = new Map<string, Set<string>>();
  for (const { name, labels } of samples) {
    assert.equal(labels['run'], 'run', name);
    const { run: _run, le: _le, ...own } = labels;
    const base = ALL_METRICS.some((spec) => spec.name === name) ? name : name.replace(HISTOGRAM, '');
    seen.set(base, (seen.get(base) ?? new Set()).add(Object.keys(own).sort().join()));
  }
  const expected = ALL_METRICS.filter(({ gpu, name }) => gpu !== true && !NOT_OF_POINTS.includes(name));
  const rule = RUN_METRICS.rule.name;
  for (const { name, labels } of expected) {
    // No rule needs to hold of so short a run.
    if (name === rule && !seen.has(rule)) continue;
    assert.deepEqual([...(seen.get(name) ?? [])], [[...labels].sort().join()], name);
  }
  const known = new Set(ALL_METRICS.map(({ name }) => name));
  for (const name of seen.keys()) assert.ok(known.has(name), `${name} is not in names.ts`);

  assert.equal(valueOf(samples, 'duet_recoveries_total'), 2);
  assert.equal(valueOf(samples, 'duet_workers_lost_total', { cause: 'crashed' }), 1);
  assert.equal(valueOf(samples, 'duet_steps_called_off_total', { cause: 'faulty-step' }), 1);
  assert.equal(valueOf(samples, 'duet_faulty_steps_total'), 1);
  assert.equal(valueOf(samples, 'duet_faults_injected_total', { fault: 'kill' }), 1);
  assert.equal(valueOf(samples, 'duet_recovery_seconds_count', { part: 'total' }), 2);
  const replayed = eventsNamed(out, 'recovered').reduce((sum, event) => sum + event.replayed, 0);
  assert.equal(valueOf(samples, 'duet_replayed_steps_total'), replayed);
  // Counted from one journal, read a moment later: what is past the scrape is left out.
  const step = valueOf(samples, 'duet_step');
  const committed = valueOf(samples, 'duet_steps_total');
  assert.equal(committed, step + replayed);
  assert.equal(valueOf(samples, 'duet_samples_total'), committed * 16);
  assert.equal(valueOf(samples, 'duet_verdicts_total'), committed * 16);
  const metrics = readJournal<StepMetrics>(out, 'metrics.jsonl')[step - 1] as StepMetrics;
  assert.equal(valueOf(samples, 'duet_discriminator_loss'), metrics.discriminatorLoss);
  assert.equal(valueOf(samples, 'duet_average_generator_loss'), metrics.averageGeneratorLoss);
  assert.equal(valueOf(samples, 'duet_generator_loss', { role: 'generator-2' }), metrics.generatorLosses[1]);
  assert.equal(
    valueOf(samples, 'duet_gradient_norm', { role: 'discriminator' }),
    metrics.gradientNorms['discriminator'],
  );
  assert.equal(valueOf(samples, 'duet_score', { judged: 'x' }), metrics.scores['x']);
  for (const role of ROLES) assert.equal(valueOf(samples, 'duet_workers', { role, state: 'ready' }), 1, role);
  assert.equal(valueOf(samples, 'duet_workers', { role: 'generator-1', state: 'missing' }), 0);
  assert.equal(valueOf(samples, 'duet_run_state', { state: 'training' }), 1);
  // Two generators send 16 points of two float32 a step, and get as much back.
  const received = valueOf(samples, 'duet_exchange_bytes_total', { role: 'discriminator', direction: 'received' });
  const tensors = valueOf(samples, 'duet_exchange_seconds_count', { role: 'discriminator', direction: 'received' });
  assert.ok(tensors >= 2 * (step - 1), `${tensors} tensors in ${step} steps`);
  assert.equal(received, tensors * 16 * 2 * 4);
  for (const role of ROLES) {
    const own = samples.filter(({ name, labels }) => name === 'duet_phase_seconds_count' && labels['role'] === role);
    const phases = own.map(({ labels }) => labels['phase']);
    assert.ok(phases.includes('commit') && phases.includes('wait-commit'), `${role}: ${phases.join()}`);
  }
});

test("promtool finds nothing to complain of in any process's metrics", NEEDS_PROMTOOL, async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const flags = ['--page-port', '0', '--metrics-port', '0', '--signals-every', '1', '--evaluate-every', '5'];
  await using _run = coordinator(['start', '--port', '0', '--out', out, '--steps', '100000', ...TINY, ...flags]);
  const origin = await metricsOf(out);
  await until('an evaluation', () => eventsNamed(out, 'quality-measured').length > 0);
  const targets = (await targetsOf(origin)).flatMap(({ targets }) => targets);
  assert.equal(targets.length, 4);
  for (const target of targets) {
    const input = await scrape(target);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    assert.equal(`${stdout}${stderr}`, '', target);
    assert.equal(status, 0, target);
  }
});

test('every process says whether it lives and whether it can work', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using _run = coordinator(['start', '--port', '0', '--out', out, '--placement', 'external', ...TINY]);
  const origin = await metricsOf(out);
  const get = async (path: string) => {
    const response = await fetch(`${origin}${path}`);
    return { status: response.status, text: await response.text() };
  };
  assert.deepEqual(await get('/healthz'), { status: 200, text: 'ok\n' });
  assert.deepEqual(await get('/readyz'), { status: 200, text: 'ready\n' });
  assert.equal((await get('/')).status, 404);
  const samples = samplesOf((await get('/metrics')).text);
  assert.equal(valueOf(samples, 'duet_run_state', { state: 'waiting' }), 1);
  for (const role of ROLES) assert.equal(valueOf(samples, 'duet_workers', { role, state: 'missing' }), 1, role);
  assert.ok(Number.isNaN(valueOf(samples, 'duet_discriminator_loss')), 'what was never measured has no value');
});

test('a metrics port that was asked for and is taken ends the start, and nothing is left of it', async () => {
  await using scratch = scratchFolder();
  await using taken = await serveHttp({ host: '127.0.0.1', port: 0, fallback: false, flag: '', answer: () => {} });
  const out = join(scratch.path, 'run');
  const { code, stderr } = await startRun(out, ...TINY, '--metrics-port', String(taken.port));
  assert.equal(code, 2, stderr);
  assert.match(stderr, new RegExp(`error: port ${taken.port} on 127\\.0\\.0\\.1 is in use .*--metrics-port 0`));
  assert.equal(statusOf(out), undefined);
  const events = readJournal<RunEvent>(out, 'events.jsonl');
  assert.deepEqual(events, []);
});

/**
 * Two runs with faults under a real Prometheus: every expression of every panel, annotation, variable and alert has a
 * value there, except those that need an NVIDIA card.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ALL_METRICS } from '../../common/metrics/names.js';
import { type Expression, expressions, metricsIn, substituted } from '../../dashboards/expressions.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { readAlerts } from '../support/monitoring/alerts.js';
import { type Prometheus, startPrometheus } from '../support/monitoring/prometheus-server.js';
import { NEEDS_PROMETHEUS } from '../support/monitoring/prometheus.js';
import { quickened } from '../support/monitoring/promql-probe.js';
import { selectorsOf } from '../support/monitoring/promql.js';
import { metricsOf } from '../support/monitoring/scrape.js';
import { TINY, eventsNamed, eventsOf, faultOf, inject } from '../support/runs/faults.js';
import { coordinator, until } from '../support/runs/run.js';

const hasCard = spawnSync('nvidia-smi').status === 0;
const gpuNames = new Set(ALL_METRICS.filter(({ gpu }) => gpu === true).map(({ name }) => name));
/** Enough for ranges that a minute of the real ones has become a second of. */
const LASTS_SECONDS = 45;

/** Two coordinators, six roles, one spare. */
const PROCESSES = 9;

const COMMON = ['--port', '0', '--page-port', '0', '--metrics-port', '0', '--steps', '1000000', '--allow-chaos'];
const OFTEN = ['--checkpoint-every', '50', '--evaluate-every', '100', '--signals-every', '10'];
/** Points, with a spare. */
const RING = [...COMMON, ...OFTEN, ...TINY, '--spares', '1'];
/** Digits, which have classes; a learning rate that explodes and then vanishes, and a KID that never counts as good enough. */
const DIGITS = [
  ...[...COMMON, ...OFTEN, '--data', 'mnist', '--width', '0.125', '--batch', '16', '--threads', '1'],
  ...['--learning-rate', '0.3', '--beta1', '0.9', '--collapse-ratio', '0.01'],
];

test('every expression of every panel and alert has a value in a real Prometheus', NEEDS_PROMETHEUS, async (t) => {
  await using scratch = scratchFolder();
  const since = Date.now() / 1000;
  const [ring, digits] = [join(scratch.path, 'ring'), join(scratch.path, 'digits')];
  await using ringRun = coordinator(['start', '--out', ring, ...RING]);
  await using digitsRun = coordinator(['start', '--out', digits, ...DIGITS]);
  const origins = await Promise.all([ring, digits].map(metricsOf));
  await using prometheus = await startPrometheus(
    scratch,
    origins.map((origin) => `${origin}/sd`),
  );
  // Scraped once before, so that a counter's increase shows.
  await until('all processes in Prometheus', async () => await upIs(prometheus, PROCESSES));
  await Promise.all([
    inject(ring, faultOf('kill', { role: 'generator-1' })),
    inject(digits, faultOf('nan', { role: 'generator-2' })),
  ]);
  await until('recoveries', () => [ring, digits].every((out) => eventsNamed(out, 'recovered').length > 0));
  await until('rules that hold, and time', () => {
    const found = eventsOf(digits).flatMap((event): string[] => ('rule' in event ? [event.rule] : []));
    return found.includes('quality-collapse') && Date.now() / 1000 - since > LASTS_SECONDS;
  });
  // The killed worker's target went, its successor's came.
  await until('all processes in Prometheus again', async () => await upIs(prometheus, PROCESSES));

  const runs = ['ring', 'digits'];
  const dashboards = await emptyOf(expressions(), async ({ expr }) => {
    const each = await Promise.all(runs.map((run) => prometheus.range(substituted(expr, { run }), since)));
    return each.flat().length === 0;
  });
  const named = (list: readonly Expression[]) =>
    list.map(({ dashboard, panel, expr }) => `${dashboard}: ${panel}: ${expr}`);
  assert.deepEqual(named(dashboards.filter(({ gpu }) => !gpu)), [], 'panels without data');
  if (!hasCard) assert.deepEqual(named(dashboards), named(expressions().filter(({ gpu }) => gpu)), 'GPU panels');

  const rules = await prometheus.rules();
  const alerts = readAlerts();
  assert.deepEqual(rules.map(({ name }) => name).sort(), alerts.map(({ alert }) => alert).sort());
  for (const { name, health, lastError } of rules) assert.equal(health, 'ok', `${name}: ${lastError}`);
  const needsCard = (expr: string) => metricsIn(expr).some((name) => gpuNames.has(name));
  const probed = alerts.filter(({ expr }) => hasCard || !needsCard(expr));
  const silent = await emptyOf(
    probed,
    async ({ expr }) => (await prometheus.range(quickened(expr), since)).length === 0,
  );
  assert.deepEqual(
    silent.map(({ alert, expr }) => `${alert}: ${quickened(expr)}`),
    [],
    'alerts whose expression has no value, whatever its threshold',
  );
  const selectors = [...new Set(probed.flatMap(({ expr }) => selectorsOf(expr).map(({ text }) => text)))];
  const without = await emptyOf(selectors, async (selector) => (await prometheus.range(selector, since)).length === 0);
  assert.deepEqual(without, [], 'alerts ask for series that do not exist');

  // Seen by Prometheus as the run journalled it.
  const [recoveries] = await prometheus.instant('duet_recoveries_total{run="ring"}');
  assert.equal(Number(recoveries?.value[1]), eventsNamed(ring, 'recovered').length);
  const firing = rules.filter(({ state }) => state === 'firing').map(({ name }) => name);
  assert.ok(firing.includes('DuetFaultyStep'), `firing: ${firing.join()}`);
  t.diagnostic(
    `${expressions().length} expressions of dashboards (${dashboards.length} need a card), ${probed.length} of ${alerts.length} alerts, ${selectors.length} selectors`,
  );
  for (const { child } of [ringRun, digitsRun]) child.kill('SIGKILL');
});

async function upIs(prometheus: Prometheus, count: number): Promise<boolean> {
  const up = await prometheus.instant('up{job="duet"} == 1');
  return up.length === count;
}

/** Those of a list that are empty, asked one after the other. */
async function emptyOf<T>(all: readonly T[], isEmpty: (each: T) => Promise<boolean>): Promise<T[]> {
  const found: T[] = [];
  for (const each of all) if (await isEmpty(each)) found.push(each);
  return found;
}

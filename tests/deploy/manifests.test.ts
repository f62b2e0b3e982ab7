import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { z } from 'zod';
import { METRICS_PORT } from '../../common/metrics/server.js';
import { ROOT, manifests as made } from '../../deploy/manifests/files.js';
import { render } from '../support/deploy/manifests.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { readAlerts } from '../support/monitoring/alerts.js';
import { NEEDS_PROMTOOL, promtool } from '../support/monitoring/prometheus.js';

test('the committed files are what the script makes, byte for byte: npm run manifests after a change', () => {
  for (const [path, content] of made()) assert.equal(readFileSync(join(ROOT, path), 'utf8'), content, path);
});

const ruleSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});

test("the operator's rule holds every alert, as Prometheus takes it", NEEDS_PROMTOOL, async () => {
  const { objects } = await render('overlays/monitoring');
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule');
  const { groups } = ruleSchema.parse(rule?.['spec']);
  assert.deepEqual(
    groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr])),
    readAlerts().map(({ alert, expr }) => [alert, expr]),
  );
  await using scratch = scratchFolder();
  promtool('check', 'rules', scratch.write('rules.yml', stringify(rule?.['spec'])));
});

const monitorSchema = z.object({
  jobLabel: z.literal('app.kubernetes.io/name'),
  selector: z.object({
    matchLabels: z.record(z.string(), z.string()),
    matchExpressions: z.tuple([z.object({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) })]),
  }),
  podMetricsEndpoints: z.tuple([
    z.object({
      port: z.string(),
      path: z.literal('/metrics'),
      honorLabels: z.literal(true),
      interval: z.string(),
      relabelings: z.tuple([z.object({ sourceLabels: z.tuple([z.string()]), targetLabel: z.literal('run') })]),
    }),
  ]),
});

test('the PodMonitor finds each process of a run, as job duet, with the run that its Pod is labelled with', async () => {
  const manifests = await render('overlays/monitoring');
  const { selector, podMetricsEndpoints } = monitorSchema.parse(manifests.only('PodMonitor', 'duet')['spec']);
  const [endpoint] = podMetricsEndpoints;
  const { key, values } = selector.matchExpressions[0];
  const chosen = manifests.statefulSets.filter(
    ({ spec: { template } }) =>
      Object.entries(selector.matchLabels).every(([label, value]) => template.metadata.labels[label] === value) &&
      values.includes(template.metadata.labels[key] ?? ''),
  );
  assert.deepEqual(chosen.map(({ metadata }) => metadata.name).sort(), ['coordinator', 'worker', 'worker-spare']);
  for (const { spec } of chosen) {
    assert.equal(spec.template.metadata.labels['app.kubernetes.io/name'], 'duet', 'the job that alerts ask for');
    const ports = spec.template.spec.containers.flatMap((container) => container.ports);
    assert.equal(ports.find(({ name }) => name === endpoint.port)?.containerPort, METRICS_PORT);
  }
  // Prometheus' name of the label app.kubernetes.io/instance.
  assert.equal(endpoint.relabelings[0].sourceLabels[0], '__meta_kubernetes_pod_label_app_kubernetes_io_instance');
  const scrapes = readFileSync(
    fileURLToPath(new URL('../../../deploy/prometheus/prometheus.yml', import.meta.url)),
    'utf8',
  );
  assert(scrapes.includes(`scrape_interval: ${endpoint.interval}`), 'as often as Prometheus without Kubernetes');
});

test('the dashboards are those of the repository, in the namespace of the run', async () => {
  const manifests = await render('overlays/monitoring');
  const map = manifests.only('ConfigMap', 'duet-dashboards');
  assert.equal(map.metadata.namespace, 'duet');
  assert.equal(map.metadata.labels['grafana_dashboard'], '1');
  assert.deepEqual(Object.keys(manifests.config('duet-dashboards')).sort(), [
    'duet-cluster.json',
    'duet-stability.json',
    'duet-throughput.json',
  ]);
});

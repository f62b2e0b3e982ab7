import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { files } from '../../dashboards/files.js';

/** dist/tests/dashboards/ lies three levels below the package's root. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const GENERATED = join(ROOT, 'dashboards', 'generated');

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

test('the committed files are what the code makes, byte for byte: npm run dashboards after a change', () => {
  const made = files();
  assert.deepEqual(readdirSync(GENERATED).sort(), [...made.keys()].sort());
  for (const [name, content] of made) assert.equal(read('dashboards', 'generated', name), content, name);
});

test('building twice gives the same bytes', () => {
  assert.deepEqual(files(), files());
});

test('the ConfigMap holds every dashboard, under the label and of the size that Kubernetes takes', () => {
  const text = read('dashboards', 'generated', 'configmap.yaml');
  const schema = z.object({
    apiVersion: z.literal('v1'),
    kind: z.literal('ConfigMap'),
    metadata: z.object({ name: z.string(), labels: z.object({ grafana_dashboard: z.literal('1') }) }),
    data: z.record(z.string(), z.string()),
  });
  const { data } = schema.parse(parse(text));
  const jsons = readdirSync(GENERATED).filter((name) => name.endsWith('.json'));
  assert.deepEqual(Object.keys(data).sort(), jsons.sort());
  for (const name of jsons) {
    assert.deepEqual(JSON.parse(data[name] ?? ''), JSON.parse(read('dashboards', 'generated', name)), name);
  }
  // kubectl apply keeps a copy of the object in an annotation, and all annotations together take 256 KiB.
  assert.ok(Buffer.byteLength(text) < 200 * 1024, `${Buffer.byteLength(text)} bytes`);
});

test('the data source is scraped as often as Prometheus is told to, and the provider reads a folder', () => {
  const sources = z
    .object({
      apiVersion: z.literal(1),
      datasources: z.tuple([
        z.object({
          type: z.literal('prometheus'),
          access: z.literal('proxy'),
          url: z.literal('http://prometheus:9090'),
          jsonData: z.object({ timeInterval: z.string() }),
        }),
      ]),
    })
    .parse(parse(read('deploy', 'grafana', 'provisioning', 'datasources', 'duet.yaml')));
  assert.equal(sources.datasources[0].jsonData.timeInterval, '5s');
  z.object({
    apiVersion: z.literal(1),
    providers: z.tuple([
      z.object({
        name: z.string(),
        type: z.literal('file'),
        folder: z.literal('Duet'),
        options: z.object({ path: z.string().startsWith('/etc/grafana/') }),
      }),
    ]),
  }).parse(parse(read('deploy', 'grafana', 'provisioning', 'dashboards', 'duet.yaml')));
});

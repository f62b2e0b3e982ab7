/** Every overlay is what the API server takes: its own kinds, and those of cert-manager and of the Prometheus operator. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NEEDS_CLUSTER } from './cluster.js';
import { prepareCustomResources } from './control-plane/custom-resources.js';
import { type ControlPlane, startControlPlane } from './control-plane/start.js';
import { ROOT } from './deployment.js';

const FOLDER = join(ROOT, 'deploy', 'kubernetes', 'overlays');
let plane: ControlPlane;

before(async () => {
  if (NEEDS_CLUSTER.skip) return;
  plane = await startControlPlane();
  const definitions = await prepareCustomResources();
  await plane.kubectl(['apply', '--server-side', ...definitions.flatMap((file) => ['-f', file])]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  // Or a dry run has none to put things into.
  await plane.kubectl(['create', 'namespace', 'duet']);
});
after(() => plane?.[Symbol.asyncDispose]());

const apply = (...args: string[]) =>
  plane.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', ...args]);

test(
  'the API server takes every object of every overlay, custom resources too, and knows each of their fields',
  NEEDS_CLUSTER,
  async () => {
    const overlays = readdirSync(FOLDER);
    assert.ok(overlays.length >= 4, overlays.join());
    for (const overlay of overlays) {
      const said = await apply('-k', join(FOLDER, overlay));
      for (const kind of [
        'statefulset.apps/worker',
        'statefulset.apps/nats',
        'certificate.cert-manager.io/duet-worker',
      ])
        assert.match(said, new RegExp(`^${kind} serverside-applied`, 'm'), overlay);
      if (overlay.includes('monitoring'))
        for (const kind of ['podmonitor.monitoring.coreos.com', 'prometheusrule.monitoring.coreos.com'])
          assert.match(said, new RegExp(`^${kind}/duet`, 'm'), overlay);
    }
  },
);

test(
  'it refuses a field that there is none of, and a value that makes no sense, in kinds of others too',
  NEEDS_CLUSTER,
  async () => {
    const monitor = (endpoint: string) =>
      `apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: x, namespace: duet}\nspec:\n  selector: {}\n  podMetricsEndpoints: [${endpoint}]\n`;
    const refused = (text: string) => () =>
      plane.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], text);
    await assert.rejects(refused(monitor('{prot: metrics}')), /prot/);
    await assert.rejects(refused(monitor('{port: metrics, interval: often}')), /interval/);
    await assert.doesNotReject(refused(monitor('{port: metrics, interval: 5s}')));
  },
);

test('the namespace refuses a Pod that is not as restricted as it asks', NEEDS_CLUSTER, async () => {
  await plane.kubectl(['label', 'namespace', 'duet', 'pod-security.kubernetes.io/enforce=restricted']);
  await assert.rejects(
    () => plane.kubectl(['run', 'root', '-n', 'duet', '--image=duet:0.1.0']),
    /violates PodSecurity "restricted/,
  );
});

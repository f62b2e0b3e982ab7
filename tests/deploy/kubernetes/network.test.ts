import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import {
  type Manifests,
  OVERLAYS,
  type StatefulSet,
  component,
  environmentOf,
  flagsOf,
  render,
} from '../../support/deploy/manifests.js';
import { type Endpoint, NetworkPolicies } from '../../support/deploy/network-policy.js';

const service = z.object({
  clusterIP: z.literal('None'),
  publishNotReadyAddresses: z.literal(true),
  selector: z.record(z.string(), z.string()),
  ports: z.array(z.object({ name: z.string(), port: z.int(), targetPort: z.string() })),
});

const TCP_PORTS = [22, 53, 443, 4222, 6443, 8080, 8222, 9464, 50051, 50052];

const pod = (set: StatefulSet): Endpoint => ({
  name: set.metadata.name,
  namespace: 'duet',
  namespaceLabels: { 'kubernetes.io/metadata.name': 'duet' },
  labels: set.spec.template.metadata.labels,
});
const outside = (name: string, namespace: string, labels = {}, more = {}): Endpoint => ({
  name,
  namespace,
  namespaceLabels: { 'kubernetes.io/metadata.name': namespace, ...more },
  labels,
});
const OTHERS = [
  outside('prometheus', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }),
  outside('grafana', 'monitoring', { 'app.kubernetes.io/name': 'grafana' }),
  outside('dns', 'kube-system', { 'k8s-app': 'kube-dns' }),
  outside('ingress', 'front', {}, { 'duet/page': 'allowed' }),
  outside('stranger', 'default', { 'app.kubernetes.io/name': 'duet', 'app.kubernetes.io/component': 'worker' }),
];

/** host:port as an argument names it */
const portOf = (address = '') => Number(address.slice(address.lastIndexOf(':') + 1));

/** What the processes connect to, as their arguments say: coordinator→nats:4222. */
function wanted(manifests: Manifests): string[] {
  const flags = (set: StatefulSet) => {
    const [container] = set.spec.template.spec.containers;
    assert(container);
    return flagsOf(container, environmentOf(manifests, set, container, `${set.metadata.name}-0`));
  };
  const coordinator = flags(manifests.statefulSet('coordinator'));
  const workers = manifests.statefulSets.filter((set) => component(set) === 'worker');
  const duet = ['coordinator', ...workers.map(({ metadata }) => metadata.name)];
  const metrics = (name: string) => Number((name === 'coordinator' ? coordinator : worker).get('metrics-port'));
  const [first] = workers;
  assert(first);
  const worker = flags(first);
  assert.equal(portOf(worker.get('coordinator')), Number(coordinator.get('port')));
  return [
    `coordinator→nats:${portOf(coordinator.get('store'))}`,
    ...workers.flatMap(({ metadata: { name } }) => [
      `${name}→coordinator:${coordinator.get('port')}`,
      ...workers.map((other) => `${name}→${other.metadata.name}:${worker.get('port')}`),
    ]),
    ...duet.flatMap((name) => [`${name}→dns:53`, `prometheus→${name}:${metrics(name)}`]),
    `ingress→coordinator:${coordinator.get('page-port')}`,
  ].sort();
}

for (const overlay of OVERLAYS) {
  test(`overlay ${overlay}: every connection that Duet makes is allowed at both of its ends, and no other`, async () => {
    const manifests = await render(`overlays/${overlay}`);
    const policies = new NetworkPolicies(manifests);
    const endpoints = [...manifests.statefulSets.map(pod), ...OTHERS];
    const allowed = endpoints.flatMap((from) =>
      endpoints
        .filter((to) => from.namespace === 'duet' || to.namespace === 'duet')
        .flatMap((to) =>
          TCP_PORTS.filter((port) => policies.allow(from, to, { protocol: 'TCP', port })).map(
            (port) => `${from.name}→${to.name}:${port}`,
          ),
        ),
    );
    assert.deepEqual(allowed.sort(), wanted(manifests));
    for (const { name, labels } of manifests.statefulSets.map(pod)) {
      const dns = OTHERS.find((each) => each.name === 'dns');
      assert(dns);
      const asks = policies.allow({ ...outside(name, 'duet'), labels }, dns, { protocol: 'UDP', port: 53 });
      assert.equal(asks, name !== 'nats', `${name} asks for names`);
    }
  });

  test(`overlay ${overlay}: headless Services name every Pod, ready or not, with the ports that it has`, async () => {
    const manifests = await render(`overlays/${overlay}`);
    for (const set of manifests.statefulSets) {
      const { selector, ports } = service.parse(manifests.only('Service', set.spec.serviceName)['spec']);
      const { labels } = set.spec.template.metadata;
      for (const [key, value] of Object.entries(selector)) assert.equal(labels[key], value, set.metadata.name);
      const listening = set.spec.template.spec.containers.flatMap((container) => container.ports);
      assert.deepEqual(
        ports.map(({ port, targetPort }) => ({ name: targetPort, containerPort: port })),
        listening.map(({ name, containerPort }) => ({ name, containerPort })),
      );
    }
    const others = manifests.statefulSets.map(({ spec }) => spec.serviceName);
    assert.deepEqual([...new Set(others)].sort(), ['coordinator', 'nats', 'worker']);
  });
}

test('the base, for a NATS elsewhere: the coordinator reaches port 4222 anywhere, the workers none of it', async () => {
  const manifests = await render('base');
  assert.deepEqual(manifests.statefulSets.map(({ metadata }) => metadata.name).sort(), [
    'coordinator',
    'worker',
    'worker-spare',
  ]);
  const policies = new NetworkPolicies(manifests);
  const nats = outside('nats', 'elsewhere');
  const to = (name: string, port: number) =>
    policies.allow(pod(manifests.statefulSet(name)), nats, { protocol: 'TCP', port });
  assert.deepEqual([to('coordinator', 4222), to('coordinator', 443), to('worker', 4222)], [true, false, false]);
});

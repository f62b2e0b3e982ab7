/** The stand-in for the kubelet does what the scenarios rely on: small Pods show it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/runs/run.js';
import type { Container, Keys, Pod, PodSpec } from './api/objects.js';
import { type Cluster, NEEDS_CLUSTER, isReady, podPath, podThat, startCluster } from './cluster.js';

const NODE_IMAGE = { mounts: {} };
const NAMESPACE = 'default';
let cluster: Cluster;

before(async () => {
  if (NEEDS_CLUSTER.skip) return;
  cluster = await startCluster((reference) => {
    if (reference !== 'node') throw new Error(`no image ${reference}`);
    return NODE_IMAGE;
  });
  await cluster.kubelet.addNode({ name: 'node-1', gpus: 1 });
  await cluster.kubelet.addNode({ name: 'node-2', gpus: 1, zone: 'zone-b' });
});
after(() => cluster?.[Symbol.asyncDispose]());

const path = `/api/v1/namespaces/${NAMESPACE}`;
const node = (source: string): Pick<Container, 'image' | 'command'> => ({
  image: 'node',
  command: ['node', '-e', source],
});

async function createPod(name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}): Promise<void> {
  await cluster.api.create(`${path}/pods`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { automountServiceAccountToken: false, ...spec, containers: [{ name: 'main', ...container }] },
  });
}

const logOf = (name: string) => cluster.kubelet.log(NAMESPACE, name);
const said = (name: string, text: string) => until(`${name} to say ${text}`, () => logOf(name).includes(text));

test(
  'a StatefulSet of GPUs: a deleted Pod comes back under its name, one too many waits for a GPU, and they find each other by name',
  NEEDS_CLUSTER,
  async () => {
    const server = `const http = require('node:http'), os = require('node:os'), dns = require('node:dns');
    http.createServer((_, answer) => answer.end(os.hostname())).listen(8000, '0.0.0.0');
    setInterval(() => dns.lookup('pair-1.pair', (error, address) => console.log(error?.code ?? address)), 100);
    process.on('SIGTERM', () => { console.log('bye'); process.exit(0); });`;
    await cluster.api.create(`${path}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'pair' },
      spec: { clusterIP: 'None', selector: { app: 'pair' }, ports: [{ port: 8000 }] },
    });
    await cluster.api.create(`/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets`, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'pair' },
      spec: {
        serviceName: 'pair',
        replicas: 3,
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: { app: 'pair' } },
        template: {
          metadata: { labels: { app: 'pair' } },
          spec: {
            automountServiceAccountToken: false,
            containers: [
              {
                name: 'main',
                ...node(server),
                resources: { limits: { 'nvidia.com/gpu': '1' } },
                readinessProbe: { httpGet: { path: '/', port: 8000 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    });
    const ready = async () => {
      const { items } = await cluster.api.get<{ items: Pod[] }>(`${path}/pods?labelSelector=app%3Dpair`);
      const found = items.filter(isReady);
      return found.length === 2 && items.length === 3 && { found, waiting: items.find((pod) => !found.includes(pod)) };
    };
    const { found, waiting } = await until('two ready Pods', ready);
    assert.notEqual(found[0]?.spec.nodeName, found[1]?.spec.nodeName);
    const scheduled = waiting?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    assert.match(scheduled?.message ?? '', /2 Insufficient nvidia\.com\/gpu/);
    const [victim] = found;
    assert.ok(victim);
    await cluster.api.delete(podPath(NAMESPACE, victim.metadata.name));
    await until('the Pod to be gone', async () => {
      const now = await cluster.api.find<Pod>(podPath(NAMESPACE, victim.metadata.name));
      return now?.metadata.uid !== victim.metadata.uid;
    });
    const uids = new Set(found.map(({ metadata }) => metadata.uid));
    await until(
      'another one',
      async () =>
        (await ready()) && !((await ready()) || { found: [] }).found.every(({ metadata }) => uids.has(metadata.uid)),
    );
    // With a third GPU, all of them run, under the names of before.
    await cluster.kubelet.addNode({ name: 'node-3', gpus: 1 });
    for (const name of ['pair-0', 'pair-1', 'pair-2']) await podThat(cluster, NAMESPACE, name, 'is ready', isReady);
    const { body } = await cluster.kubelet.fetch(NAMESPACE, 'pair-2', 8000, '/');
    assert.equal(body, 'pair-2');
    const pair1 = await cluster.api.get<Pod>(podPath(NAMESPACE, 'pair-1'));
    await said('pair-0', pair1.status?.podIP ?? '?');
    await cluster.api.delete(`/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/pair`, {
      propagationPolicy: 'Foreground',
    });
    await until('no Pods', async () => !(await cluster.api.find(podPath(NAMESPACE, 'pair-0'))));
  },
);

test('SIGTERM first, SIGKILL when the grace period is over, and preStop before both', NEEDS_CLUSTER, async () => {
  const deaf = `process.on('SIGTERM', () => console.log('heard it')); setInterval(() => {}, 1000); console.log('up')`;
  await createPod('deaf', {
    ...node(deaf),
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', 'touch /tmp/stopping'] } } },
  });
  await said('deaf', 'up');
  const since = performance.now();
  await cluster.api.delete(podPath(NAMESPACE, 'deaf'), { gracePeriodSeconds: 2 });
  await said('deaf', 'heard it');
  assert.ok(cluster.kubelet.exec(NAMESPACE, 'deaf', ['test', '-e', '/tmp/stopping']));
  await until('it to be gone', async () => !(await cluster.api.find(podPath(NAMESPACE, 'deaf'))));
  const seconds = (performance.now() - since) / 1000;
  assert.ok(seconds >= 2 && seconds < 20, `${seconds} s`);
});

test(
  'a changed Secret reaches its file, all keys at once; a Pod waits for one that is not there yet',
  NEEDS_CLUSTER,
  async () => {
    const secret = (text: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'shared' },
      stringData: { one: text, two: text },
    });
    const reader = `const { readFileSync } = require('node:fs');
    setInterval(() => { try { console.log(readFileSync('/etc/shared/one', 'utf8') + readFileSync('/etc/shared/two', 'utf8')) } catch (e) { console.log(e.message) } }, 20)`;
    await createPod(
      'reader',
      { ...node(reader), volumeMounts: [{ name: 'shared', mountPath: '/etc/shared', readOnly: true }] },
      {
        volumes: [{ name: 'shared', secret: { secretName: 'shared', defaultMode: 0o400 } }],
        securityContext: { runAsUser: 10001, fsGroup: 10001 },
      },
    );
    await podThat(cluster, NAMESPACE, 'reader', 'waits', ({ status }) =>
      Boolean(status?.containerStatuses?.[0]?.state.waiting?.message?.includes('secrets "shared" not found')),
    );
    await cluster.api.create<object>(`${path}/secrets`, secret('a'));
    await said('reader', 'aa\n');
    await cluster.api.patch(`${path}/secrets/shared`, secret('b'));
    await said('reader', 'bb\n');
    const lines = new Set(logOf('reader').trim().split('\n'));
    // Two reads are no one moment; nothing else may be seen.
    lines.delete('ab');
    assert.deepEqual([...lines], ['aa', 'bb']);
    assert.equal((await cluster.api.get<Keys>(`${path}/secrets/shared`)).data?.['one'], 'Yg==');
    await cluster.api.delete(podPath(NAMESPACE, 'reader'), { gracePeriodSeconds: 1 });
  },
);

test('a container that fails is started again, and its last words stand in its status', NEEDS_CLUSTER, async () => {
  const failing = `console.error('no such coordinator'); process.exitCode = 2`;
  await createPod('failing', { ...node(failing), terminationMessagePolicy: 'FallbackToLogsOnError' });
  const pod = await podThat(
    cluster,
    NAMESPACE,
    'failing',
    'restarts',
    ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2,
  );
  const last = pod.status?.containerStatuses?.[0]?.lastState.terminated;
  assert.deepEqual([last?.exitCode, last?.reason, last?.message], [2, 'Error', 'no such coordinator\n']);
  await cluster.api.delete(podPath(NAMESPACE, 'failing'), { gracePeriodSeconds: 1 });
});

test(
  'a container whose liveness probe fails is started again; one that is not ready keeps running',
  NEEDS_CLUSTER,
  async () => {
    const server = `let [alive, ready] = [204, 503];
    require('node:http').createServer(({ url }, answer) => {
      if (url === '/stop') alive = 500;
      if (url === '/go') ready = 200;
      answer.writeHead(url === '/alive' ? alive : url === '/ready' ? ready : 200).end();
    }).listen(8000, '0.0.0.0');`;
    await createPod(
      'probed',
      {
        ...node(server),
        ports: [{ name: 'web', containerPort: 8000 }],
        startupProbe: { tcpSocket: { port: 'web' }, periodSeconds: 1, failureThreshold: 30 },
        readinessProbe: { httpGet: { path: '/ready', port: 'web' }, periodSeconds: 1 },
        livenessProbe: { httpGet: { path: '/alive', port: 'web' }, periodSeconds: 1, failureThreshold: 2 },
      },
      { terminationGracePeriodSeconds: 1 },
    );
    const started = await podThat(
      cluster,
      NAMESPACE,
      'probed',
      'has started',
      ({ status }) => status?.containerStatuses?.[0]?.started === true,
    );
    assert.ok(!isReady(started));
    await cluster.kubelet.fetch(NAMESPACE, 'probed', 8000, '/go');
    await podThat(cluster, NAMESPACE, 'probed', 'is ready', isReady);
    await cluster.kubelet.fetch(NAMESPACE, 'probed', 8000, '/stop');
    await podThat(
      cluster,
      NAMESPACE,
      'probed',
      'was restarted',
      ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1,
    );
    await cluster.api.delete(podPath(NAMESPACE, 'probed'), { gracePeriodSeconds: 1 });
  },
);

test(
  'a container has the user, the root and the environment that its Pod asks for, and nothing of this machine to write to',
  NEEDS_CLUSTER,
  async () => {
    const look = `const { writeFileSync, existsSync } = require('node:fs');
    const written = ['/x', '/etc/x', '/usr/x', '/data/x', '/tmp/x'].filter((path) => { try { writeFileSync(path, ''); return true } catch { return false } });
    console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), pid: process.pid, written, me: process.env.ME, ip: process.env.IP, args: process.argv.slice(1),
      token: existsSync('/var/run/secrets/kubernetes.io'), home: existsSync('/root'), privileges: /NoNewPrivs:\\t1/.test(require('node:fs').readFileSync('/proc/self/status', 'utf8')) }));`;
    await createPod(
      'looks',
      {
        image: 'node',
        command: ['node', '-e', look, '--'],
        args: ['$(ME).looks', '$$(ME)'],
        env: [
          { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ],
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'tmp', mountPath: '/tmp' },
        ],
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
      },
      {
        restartPolicy: 'Never',
        securityContext: { runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001 },
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
          { name: 'tmp', emptyDir: {} },
        ],
      },
    );
    await cluster.api.create(`${path}/persistentvolumeclaims`, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    const pod = await podThat(cluster, NAMESPACE, 'looks', 'has ended', ({ status }) => status?.phase === 'Succeeded');
    assert.deepEqual(JSON.parse(logOf('looks')), {
      uid: 10001,
      gid: 10001,
      pid: 1,
      written: ['/data/x', '/tmp/x'],
      me: 'looks',
      ip: pod.status?.podIP,
      args: ['looks.looks', '$(ME)'],
      token: false,
      home: false,
      privileges: true,
    });
  },
);

test(
  'a node without a sign of life counts as lost, and its Pod stays in the books until it is deleted by force',
  NEEDS_CLUSTER,
  async () => {
    await cluster.kubelet.addNode({ name: 'lost', gpus: 0 });
    await createPod('on-lost', node('setInterval(() => {}, 1000)'), { nodeName: 'lost' });
    await podThat(cluster, NAMESPACE, 'on-lost', 'runs', ({ status }) => status?.phase === 'Running');
    await cluster.kubelet.loseNode('lost');
    await until('the node to count as lost', async () => {
      const { status } = await cluster.api.get<Pod>('/api/v1/nodes/lost');
      return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'Unknown');
    });
    await cluster.api.delete('/api/v1/nodes/lost');
    await cluster.api.delete(podPath(NAMESPACE, 'on-lost'), { gracePeriodSeconds: 0 });
    await until('its Pod to be gone', async () => !(await cluster.api.find(podPath(NAMESPACE, 'on-lost'))));
  },
);

/**
 * Duet's manifests on a real control plane: one run, from waiting for its cards to its last step, and all that can happen to its
 * Pods on the way. The tests are the run's life, in order.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, after, before, test } from 'node:test';
import { scratchFolder } from '../support/machine/scratch.js';
import { ROLES, readCheckpoint, readJournal, startRun, until } from '../support/runs/run.js';
import type { Pod } from './api/objects.js';
import { NEEDS_CLUSTER, isReady, podPath, podThat } from './cluster.js';
import { COORDINATOR, type Deployment, NAMESPACE, SMALL, prepareDeployment } from './deployment.js';
import { setGpus } from './kubelet/nodes.js';

/** Of overlays/small/run.yaml. */
const LAST_STEP = 9000;
/** So many steps beyond what there was are no leftover of a moment ago. */
const MARGIN = 20;

let duet: Deployment;
const scratch = scratchFolder();
before(async () => {
  if (!NEEDS_CLUSTER.skip) duet = await prepareDeployment(scratch);
});
after(async () => {
  await duet?.[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const messageOf = (pod: Pod) => pod.status?.containerStatuses?.[0]?.state.terminated?.message ?? '';

/** Waits until the run has come further than ever. @throws when it ends instead: then it is too short for these tests */
async function goesOn(beyond: number): Promise<number> {
  return await until(`step ${beyond}`, async () => {
    assert.equal(duet.ended(), undefined, `the run has ended${JSON.stringify(duet.events().at(-1))}`);
    const live = await duet.live();
    return live?.state === 'training' && live.step >= beyond && live.step;
  });
}

/** Makes a fault, and waits until the run is further than it was when the fault was over. */
async function survives(t: TestContext, fault: () => Promise<void> | void): Promise<void> {
  let newest = (await duet.live())?.step ?? 0;
  assert.ok(newest > 0 && duet.ended() === undefined, 'the run trains');
  const watching = setInterval(() => void duet.live().then((live) => (newest = Math.max(newest, live?.step ?? 0))), 50);
  const since = performance.now();
  try {
    await fault();
    t.diagnostic(`the fault is over after ${seconds(since)}`);
  } finally {
    clearInterval(watching);
  }
  await goesOn(newest + MARGIN);
  t.diagnostic(`trains beyond where it was after ${seconds(since)}`);
}

/** Deletes a Pod. Resolves when another one of its name is ready. */
async function deletePod(name: string): Promise<void> {
  const { metadata } = await duet.cluster.api.get<Pod>(podPath(NAMESPACE, name));
  await duet.cluster.kubectl(['delete', 'pod', '-n', NAMESPACE, name, '--wait=false']);
  await podThat(
    duet.cluster,
    NAMESPACE,
    name,
    'is another one, and ready',
    (pod) => pod.metadata.uid !== metadata.uid && isReady(pod),
  );
}

test(
  'with too few GPUs the run waits, and says for what: the Pod for a GPU, the coordinator for a worker',
  NEEDS_CLUSTER,
  async (t) => {
    const { cluster } = duet;
    for (const [name, zone] of [
      ['gpu-1', 'zone-a'],
      ['gpu-2', 'zone-b'],
    ] as const)
      await cluster.kubelet.addNode({ name, zone, gpus: 1 });
    await cluster.kubelet.addNode({ name: 'cpu-1', gpus: 0 });
    const since = performance.now();
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', SMALL]);
    await podThat(
      cluster,
      NAMESPACE,
      COORDINATOR,
      'has started',
      ({ status }) => status?.containerStatuses?.[0]?.started === true,
    );
    t.diagnostic(`the coordinator listens after ${seconds(since)}`);
    const live = await until('the coordinator to wait for one worker', async () => {
      const now = await duet.live();
      return now?.reason.includes('waiting for 1 of 3 workers') && now;
    });
    t.diagnostic(`${live.state}: ${live.reason}`);
    const pending = (await duet.pods()).find(({ spec }) => spec.nodeName === undefined);
    const placed = pending?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    assert.match(placed?.message ?? '', /Insufficient nvidia\.com\/gpu/);
    assert.equal(live.step, 0);
  },
);

test('a second coordinator of the run is refused, and its last words name the first', NEEDS_CLUSTER, async () => {
  const message = messageOf(await duet.apart('coordinator', 'second'));
  assert.match(message, /coordinator-0/);
});

test('a worker with a wrong token ends, and its last words say so', NEEDS_CLUSTER, async () => {
  const path = `/api/v1/namespaces/${NAMESPACE}/secrets`;
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'foreign-token' },
    stringData: { token: 'f'.repeat(64) },
  };
  await duet.cluster.api.create<object>(path, secret);
  const pod = await duet.apart('worker', 'stranger', (spec) => {
    for (const volume of spec.volumes ?? [])
      if (volume.secret?.secretName === 'duet-token') volume.secret.secretName = 'foreign-token';
    // It is to fail by its token, not for want of a card.
    for (const container of spec.containers) delete (container as { resources?: object }).resources;
  });
  assert.match(messageOf(pod), /token/);
});

test(
  'no Pod has a token for the API server, and no service account of theirs may do anything there',
  NEEDS_CLUSTER,
  async () => {
    const pods = (await duet.pods()).filter(({ spec }) => spec.nodeName !== undefined);
    assert.equal(pods.length, 4);
    for (const { metadata, spec } of pods) {
      assert.ok(
        !duet.cluster.kubelet.exec(NAMESPACE, metadata.name, ['test', '-e', '/var/run/secrets/kubernetes.io']),
        metadata.name,
      );
      assert.ok(duet.cluster.kubelet.exec(NAMESPACE, metadata.name, ['test', '-d', '/tmp']), metadata.name);
      const account = `system:serviceaccount:${NAMESPACE}:${spec.serviceAccountName}`;
      for (const [verb, kind] of [
        ['list', 'pods'],
        ['get', 'secrets'],
        ['create', 'pods'],
      ] as const)
        await assert.rejects(
          () => duet.cluster.kubectl(['auth', 'can-i', verb, kind, '-n', NAMESPACE, '--as', account]),
          /^no$/m,
        );
    }
  },
);

test('another node, and the run begins by itself', NEEDS_CLUSTER, async (t) => {
  const since = performance.now();
  await duet.cluster.kubelet.addNode({ name: 'gpu-3', gpus: 1, zone: 'zone-c' });
  await goesOn(1);
  t.diagnostic(`trains after ${seconds(since)}`);
  for (const [name, count] of [
    ['worker', 3],
    ['coordinator', 1],
    ['nats', 1],
  ] as const)
    await duet.ready(name, count);
});

for (const role of ['generator-2', 'discriminator'] as const) {
  test(`the Pod of the ${role}'s worker is deleted: another takes the role, and the run goes on`, NEEDS_CLUSTER, (t) =>
    survives(t, () => deletePod(duet.podOf(role))),
  );
}

test(
  "the coordinator's Pod is deleted: the next one finds the run in NATS, and the workers stay",
  NEEDS_CLUSTER,
  async (t) => {
    const workers = (await duet.pods()).filter(({ metadata }) => metadata.name.startsWith('worker-'));
    await survives(t, () => deletePod(COORDINATOR));
    for (const { metadata } of workers) {
      const now = await duet.cluster.api.get<Pod>(podPath(NAMESPACE, metadata.name));
      assert.equal(now.metadata.uid, metadata.uid);
      assert.equal(now.status?.containerStatuses?.[0]?.restartCount, 0);
    }
  },
);

test("NATS's Pod is deleted: the training does not wait for it, and nothing is lost", NEEDS_CLUSTER, async (t) => {
  const before = duet.events().length;
  await survives(t, () => deletePod('nats-0'));
  const since = duet.events().slice(before);
  assert.ok(!since.some(({ event }) => event === 'step-called-off' || event === 'worker-lost'), JSON.stringify(since));
});

test('a node loses its GPU: the Pod that had it gets one on another node', NEEDS_CLUSTER, async (t) => {
  const { api, kubelet } = duet.cluster;
  const pod = duet.podOf('generator-1');
  const { spec } = await api.get<Pod>(podPath(NAMESPACE, pod));
  await kubelet.addNode({ name: 'gpu-4', gpus: 1, zone: 'zone-a' });
  await survives(t, async () => {
    await setGpus(api, spec.nodeName ?? '', 0);
    await deletePod(pod);
  });
  assert.equal((await api.get<Pod>(podPath(NAMESPACE, pod))).spec.nodeName, 'gpu-4');
  await setGpus(api, spec.nodeName ?? '', 1);
});

test(
  'a worker more than roles is a spare, and takes the role of one whose node is drained',
  NEEDS_CLUSTER,
  async (t) => {
    const { cluster } = duet;
    await cluster.kubectl(['scale', '-n', NAMESPACE, 'statefulset/worker', '--replicas=4']);
    await until('a spare', () =>
      duet.events().some((event) => event.event === 'worker-standing-by' && event.worker.startsWith('worker-3/')),
    );
    // Its disruption budget lets nobody go before the spare is ready.
    await duet.ready('worker', 4);
    const pod = duet.podOf('discriminator');
    const { spec } = await cluster.api.get<Pod>(podPath(NAMESPACE, pod));
    const node = spec.nodeName ?? '';
    await survives(t, async () => {
      await cluster.kubectl(['drain', node, '--delete-emptydir-data', '--timeout=60s']);
    });
    assert.notEqual(duet.podOf('discriminator'), pod);
    const waiting = await podThat(
      cluster,
      NAMESPACE,
      pod,
      'waits for a GPU',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true,
    );
    assert.equal(waiting.spec.nodeName, undefined);
    await cluster.kubectl(['uncordon', node]);
    await podThat(cluster, NAMESPACE, pod, 'is ready', isReady);
  },
);

test('all certificates are renewed while it trains, without a lost step', NEEDS_CLUSTER, async (t) => {
  const before = duet.events().length;
  await survives(t, async () => {
    for (const name of ['duet-coordinator', 'duet-worker', 'duet-nats']) await duet.certManager.renew(NAMESPACE, name);
    const processes = [COORDINATOR, ...ROLES.map((role) => duet.podOf(role))];
    const renewed = (pod: string) => duet.cluster.kubelet.log(NAMESPACE, pod).includes('"certificate-renewed"');
    await until('everyone to use the new ones', () => processes.every(renewed));
    await until('NATS to use its new one', () => duet.cluster.kubelet.log(NAMESPACE, 'nats-0').includes('Reloaded'));
  });
  const since = duet.events().slice(before);
  assert.ok(!since.some(({ event }) => event === 'step-called-off' || event === 'worker-lost'), JSON.stringify(since));
});

test('another release is rolled out, Pod by Pod, while it trains', NEEDS_CLUSTER, async (t) => {
  const { cluster } = duet;
  await survives(t, async () => {
    const names = ['worker', 'coordinator'];
    for (const name of names)
      await cluster.kubectl(['set', 'image', '-n', NAMESPACE, `statefulset/${name}`, `${name}=duet:0.1.1`]);
    for (const name of names)
      await cluster.kubectl(['rollout', 'status', '-n', NAMESPACE, `statefulset/${name}`, '--timeout=100s']);
  });
  for (const name of [COORDINATOR, 'worker-0', 'worker-1', 'worker-2', 'worker-3'])
    assert.ok(cluster.kubelet.exec(NAMESPACE, name, ['grep', '-q', '0.1.1', '/opt/duet/package.json']), name);
});

test(
  'the final weights are bit for bit those of an undisturbed run on one machine, and nothing was repeated with other bits',
  NEEDS_CLUSTER,
  async (t) => {
    const out = join(scratch.path, 'undisturbed');
    const since = performance.now();
    await until('the end of the run', duet.ended);
    t.diagnostic(`ends after ${seconds(since)}`);
    assert.equal(duet.ended(), 'finished');
    const local = await startRun(
      out,
      '--config',
      join(SMALL, 'run.yaml'),
      '--workers',
      '3',
      '--device',
      'cpu',
      '--page-port',
      '0',
      '--metrics-port',
      '0',
    );
    assert.equal(local.code, 0, local.stderr);
    for (const role of ROLES)
      assert.ok(readCheckpoint(duet.directory(), LAST_STEP, role).equals(readCheckpoint(out, LAST_STEP, role)), role);
    const events = duet.events();
    assert.ok(!events.some(({ event }) => event === 'replay-differs'));
    t.diagnostic(`${events.filter(({ event }) => event === 'step-called-off').length} steps called off`);
    const steps = readJournal<{ step: number }>(duet.directory(), 'metrics.jsonl').map(({ step }) => step);
    assert.deepEqual([...new Set(steps)].length, LAST_STEP);
    await podThat(duet.cluster, NAMESPACE, COORDINATOR, 'stays', isReady);
  },
);

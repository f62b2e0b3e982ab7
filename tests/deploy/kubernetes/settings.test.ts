import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Manifests,
  component,
  environmentOf,
  flagsOf,
  render,
  renderMine,
} from '../../support/deploy/manifests.js';

const mine = (literals: string) => `
resources: [../../base]
components: [../../components/nats, ../../components/gpu]
configMapGenerator:
  - name: duet-config
    behavior: merge
    literals: ${literals}
transformers: [../../settings]
`;

function flags(manifests: Manifests) {
  const set = manifests.statefulSet('coordinator');
  const [container] = set.spec.template.spec.containers;
  assert(container);
  return flagsOf(container, environmentOf(manifests, set, container, 'coordinator-0'));
}

const replicas = (manifests: Manifests, name: string) => manifests.statefulSet(name).spec.replicas;

test('one number is the roles that the coordinator waits for and the Pods that there are', async () => {
  for (const workers of [2, 5, 12]) {
    const manifests = await renderMine(mine(`[workers=${workers}]`));
    assert.equal(replicas(manifests, 'worker'), workers);
    assert.equal(flags(manifests).get('workers'), String(workers));
    assert.equal(replicas(manifests, 'worker-spare'), 0, 'spares are beside them');
    assert.equal(replicas(manifests, 'coordinator'), 1);
  }
});

test('spares are the replicas of a set of their own, which shares no Pod with the workers', async () => {
  const manifests = await renderMine(mine('[spares=4]'));
  assert.equal(replicas(manifests, 'worker-spare'), 4);
  assert.equal(replicas(manifests, 'worker'), 3);
  const [workers, spares] = ['worker', 'worker-spare'].map((name) => manifests.statefulSet(name).spec);
  assert(workers && spares);
  assert.notDeepEqual(workers.selector.matchLabels, spares.selector.matchLabels);
  for (const { selector, template } of [workers, spares]) {
    for (const [key, value] of Object.entries(selector.matchLabels)) assert.equal(template.metadata.labels[key], value);
  }
  // But for the pool they are the same Pod.
  const like = ({ template }: typeof workers) => ({
    spec: template.spec,
    labels: { ...template.metadata.labels, 'duet/pool': '' },
  });
  assert.deepEqual(like(workers), like(spares));
});

test("a run's id is one word: its directory, and a label of its Pods by which Prometheus and kubectl find them", async () => {
  const manifests = await renderMine(mine('[run=digits-2]'));
  assert.equal(flags(manifests).get('out'), '/var/lib/duet/runs/digits-2');
  for (const set of manifests.statefulSets.filter((each) => component(each) !== 'nats')) {
    assert.equal(set.spec.template.metadata.labels['app.kubernetes.io/instance'], 'digits-2', set.metadata.name);
  }
  // The volume of NATS outlives runs: a label of one of them could not be changed.
  assert(!JSON.stringify(manifests.statefulSet('nats')).includes('digits-2'));
});

test('another configuration is another name, so that the coordinator is rolled, and nothing else is', async () => {
  const names = (manifests: Manifests) => manifests.ofKind('ConfigMap').map(({ metadata }) => metadata.name);
  const before = await renderMine(mine('[workers=3]'));
  const after = await renderMine(mine('[workers=3]').replace('literals: [workers=3]', 'files: [run.yaml]'), {
    'run.yaml': 'system: pggan\ndata: ring8\nsteps: 20\nthreads: 1\n',
  });
  const [old] = names(before).filter((name) => name.startsWith('duet-config-'));
  const [fresh] = names(after).filter((name) => name.startsWith('duet-config-'));
  assert.notEqual(old, fresh);
  const text = (manifests: Manifests, name: string) => JSON.stringify(manifests.statefulSet(name));
  assert(text(after, 'coordinator').includes(fresh ?? '-'));
  assert.equal(text(after, 'worker'), text(before, 'worker'));
  assert.equal(text(after, 'nats'), text(before, 'nats'));
});

test('a NATS elsewhere is one URL, with credentials of its own where it asks for some', async () => {
  const manifests = await renderMine(`
resources: [../../base]
components: [../../components/store-credentials]
configMapGenerator:
  - name: duet-config
    behavior: merge
    literals: [store=tls://nats.example.com:4222]
transformers: [../../settings]
`);
  assert.equal(flags(manifests).get('store'), 'tls://nats.example.com:4222');
  assert.equal(flags(manifests).get('store-credentials'), '/etc/duet/store/credentials');
  const { volumes, containers } = manifests.statefulSet('coordinator').spec.template.spec;
  assert.deepEqual(
    volumes.filter(({ name }) => name === 'store').map(({ secret }) => secret?.secretName),
    ['duet-store'],
  );
  assert(containers[0]?.volumeMounts.some(({ mountPath }) => mountPath === '/etc/duet/store'));
});

test('spot nodes are for workers, and never for what keeps the run', async () => {
  const manifests = await render('overlays/spot');
  const label = 'karpenter.sh/capacity-type';
  for (const set of manifests.statefulSets) {
    const { affinity, tolerations } = set.spec.template.spec;
    const text = JSON.stringify(affinity);
    const worker = component(set) === 'worker';
    assert(
      text.includes(`{"key":"${label}","operator":"${worker ? 'In' : 'NotIn'}","values":["spot"]}`),
      set.metadata.name,
    );
    assert.deepEqual(
      tolerations.map(({ key }) => key),
      worker ? ['nvidia.com/gpu', 'cloud.google.com/gke-spot', 'kubernetes.azure.com/scalesetpriority'] : [],
      set.metadata.name,
    );
  }
  assert.equal(replicas(manifests, 'worker-spare'), 1);
});

test('cards are asked for by workers alone, whose image is that of the CUDA build, and the run is told so', async () => {
  const manifests = await render('overlays/gpu');
  assert.equal(flags(manifests).get('device'), 'cuda');
  assert.equal(flags(await render('overlays/local-nats')).get('device'), 'cpu');
  const image = (name: string) => manifests.statefulSet(name).spec.template.spec.containers[0]?.image;
  assert.match(image('worker') ?? '', /^duet-cuda:/);
  assert.match(image('coordinator') ?? '', /^duet:/);
});

test("Kueue admits the workers as a gang, NVIDIA's runtime is chosen, where a user asks for it", async () => {
  const manifests = await renderMine(`
resources: [../../base]
components:
  - ../../components/nats
  - ../../components/gpu
  - ../../components/nvidia-runtime
  - ../../components/kueue
transformers: [../../settings]
`);
  assert.equal(manifests.statefulSet('worker').metadata.labels['kueue.x-k8s.io/queue-name'], 'duet');
  assert.equal(manifests.statefulSet('coordinator').metadata.labels['kueue.x-k8s.io/queue-name'], undefined);
  assert.equal(manifests.statefulSet('worker').spec.template.spec.runtimeClassName, 'nvidia');
  assert.equal(manifests.statefulSet('coordinator').spec.template.spec.runtimeClassName, undefined);
});

/** Duet's manifests on a cluster of the tests, with all that they ask of one: custom resources, certificates, a token, images. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../../coordinator/run/journal/journal.js';
import type { Scratch } from '../support/machine/scratch.js';
import { readJournal, statusOf, until } from '../support/runs/run.js';
import type { Pod, PodSpec } from './api/objects.js';
import { type Cluster, isReady, podPath, podThat, startCluster } from './cluster.js';
import { prepareCustomResources } from './control-plane/custom-resources.js';
import { type CertManager, startCertManager } from './stand-ins/cert-manager.js';
import { duetImage, natsImage, reloaderImage } from './stand-ins/images.js';

/** dist/tests/kubernetes/ lies three levels below the package's root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** The overlay that the tests train with. */
export const SMALL = join(ROOT, 'tests', 'kubernetes', 'overlays', 'small');
export const NAMESPACE = 'duet';
export const COORDINATOR = 'coordinator-0';
/** The run's id, and the release, in the manifests. */
const RUN = 'first';
const RELEASE = '0.1.0';
const NATS = '2.14.6';
const PAGE_PORT = 8080;

interface Live {
  state: string;
  /** What it waits for. */
  reason: string;
  step: number;
}

export interface Deployment extends AsyncDisposable {
  cluster: Cluster;
  certManager: CertManager;
  /** The newest coordinator's working copy of the run. */
  directory(): string;
  events(): RunEvent[];
  /** Once the run has ended; undefined before, and while there is no coordinator. */
  ended(): string | undefined;
  /** What the coordinator's page says; undefined while there is no coordinator. */
  live(): Promise<Live | undefined>;
  /** The Pod whose worker has a role. */
  podOf(role: string): string;
  pods(): Promise<Pod[]>;
  /** Waits until all Pods of a StatefulSet are there and ready. */
  ready(name: string, count: number): Promise<void>;
  /** A Pod like those of a StatefulSet, apart from it: its last words are in its status. */
  apart(statefulSet: string, name: string, change?: (spec: PodSpec) => void): Promise<Pod>;
}

/** A cluster with what the manifests need of it, but without nodes. Nothing of Duet runs yet. */
export async function prepareDeployment(scratch: Scratch): Promise<Deployment> {
  const [nats, definitions, reloader] = [await natsImage(NATS), await prepareCustomResources(), reloaderImage(scratch)];
  const cluster = await startCluster((reference) => {
    const [name, tag] = reference.split(':');
    if (name === 'duet') return duetImage(scratch, tag === RELEASE ? undefined : tag);
    if (name === 'nats' && tag === `${NATS}-alpine`) return nats;
    if (name === 'natsio/nats-server-config-reloader') return reloader;
    throw new Error(`there is no image ${reference}`);
  });
  const certManager = startCertManager(cluster.api);
  const deployment = { cluster, certManager, ...lookInto(cluster) };
  const dispose = async () => {
    await certManager[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  };
  try {
    await cluster.kubectl(['apply', '--server-side', ...definitions.flatMap((file) => ['-f', file])]);
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
    await cluster.kubectl(['create', 'namespace', NAMESPACE]);
    const token = randomBytes(32).toString('hex');
    await cluster.kubectl([
      'create',
      'secret',
      'generic',
      'duet-token',
      '-n',
      NAMESPACE,
      `--from-literal=token=${token}`,
    ]);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { ...deployment, [Symbol.asyncDispose]: dispose };
}

function lookInto(cluster: Cluster) {
  const directory = () => join(cluster.kubelet.volume(NAMESPACE, COORDINATOR, 'data'), 'runs', RUN);
  const events = () => readJournal<RunEvent>(directory(), 'events.jsonl');
  const pods = async () => (await cluster.api.get<{ items: Pod[] }>(`/api/v1/namespaces/${NAMESPACE}/pods`)).items;
  return {
    directory,
    events,
    pods,
    ended() {
      const state = statusOf(directory())?.state;
      return state === 'running' || state === 'starting' ? undefined : state;
    },
    async live() {
      const { status, body } = await cluster.kubelet.fetch(NAMESPACE, COORDINATOR, PAGE_PORT, '/api/run');
      return status === 200 ? (JSON.parse(body) as Live) : undefined;
    },
    podOf(role: string) {
      const assigned = events().findLast((event) => event.event === 'role-assigned' && event.role === role);
      if (assigned?.event !== 'role-assigned') throw new Error(`${role} has been given to nobody`);
      // POD/PROCESS
      return assigned.worker.split('/')[0] ?? '';
    },
    async ready(name: string, count: number) {
      await until(`${count} ready Pods of ${name}`, async () => {
        const found = (await pods()).filter(({ metadata }) => new RegExp(`^${name}-\\d+$`).test(metadata.name));
        return found.length === count && found.every(isReady);
      });
    },
    async apart(statefulSet: string, name: string, change: (spec: PodSpec) => void = () => {}) {
      const path = `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/${statefulSet}`;
      const { spec } = await cluster.api.get<{ spec: { template: { spec: PodSpec } } }>(path);
      const own = structuredClone(spec.template.spec);
      change(own);
      // Without the labels: it is in no Service, and its StatefulSet leaves it alone.
      await cluster.api.create<object>(`/api/v1/namespaces/${NAMESPACE}/pods`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { ...own, restartPolicy: 'Never' },
      });
      const ended = await podThat(cluster, NAMESPACE, name, 'has ended', ({ status }) => status?.phase === 'Failed');
      await cluster.api.delete(podPath(NAMESPACE, name));
      return ended;
    },
  };
}

/** A stand-in for the kubelets of all nodes: Pods that the scheduler binds to them run as processes of this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { whyNoHosts } from '../../support/hosts/hosts.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import type { Api } from '../api/client.js';
import type { Keys, Pod } from '../api/objects.js';
import { watch } from '../api/watch.js';
import { type Image, makeEtc } from './image.js';
import { followNames } from './names.js';
import { makeNetwork } from './network.js';
import { type NodeSpec, addNode } from './nodes.js';
import { PodLife } from './pod.js';
import { type Answer, startProber } from './prober.js';
import { serveStorage } from './storage.js';
import { claimsOf, objectsOf } from './volumes.js';

export interface Kubelet extends AsyncDisposable {
  addNode(spec: NodeSpec): Promise<void>;
  /** Its power is cut: its Pods end without a word, and nothing more is heard of it. */
  loseNode(name: string): Promise<void>;
  /** What a container of a Pod has written, over all of its runs; of the newest Pod of that name. */
  log(namespace: string, pod: string, container?: string): string;
  /** Runs a command in a container. @returns whether it ended with 0 */
  exec(namespace: string, pod: string, command: readonly string[]): boolean;
  /** The folder of a volume of a Pod, also of one that is gone. */
  volume(namespace: string, pod: string, volume: string): string;
  /** GET from the node. */
  fetch(namespace: string, pod: string, port: number, path: string): Promise<Answer>;
}

/** Why Pods cannot run here, or false. As the count reporter (scripts/count-reporter.js) excuses it under CI. */
export function whyNoKubelet(): string | false {
  const hosts = whyNoHosts();
  if (hosts) return hosts;
  const { status, stderr, error } = spawnSync(
    'unshare',
    [
      '--mount',
      '--pid',
      '--uts',
      '--ipc',
      '--fork',
      '/bin/sh',
      '-c',
      'mount -t tmpfs root /mnt && mount -t proc proc /proc && hostname pod',
    ],
    { encoding: 'utf8' },
  );
  return status === 0
    ? false
    : `this machine cannot make containers out of namespaces: ${error?.message ?? stderr.trim()}`;
}

/** @param imageOf what is in an image, by its reference; throws for one that there is not */
export async function startKubelet(api: Api, imageOf: (reference: string) => Image): Promise<Kubelet> {
  const scratch = scratchFolder();
  const ending = new AbortController();
  const { signal } = ending;
  const network = makeNetwork();
  const prober = startProber(network.bridge);
  const machine = {
    api,
    folder: scratch.path,
    etc: makeEtc(scratch.path),
    network,
    names: followNames(api, signal),
    prober,
    objects: objectsOf(api),
    claims: claimsOf(api),
    imageOf,
  };
  mkdirSync(join(scratch.path, 'claims'));
  await serveStorage(api, join(scratch.path, 'claims'), signal);
  const nodes = new Map<string, AbortController>();
  const lives = new Map<string, PodLife>();
  // Also of Pods that are gone: their logs are asked for.
  const newest = new Map<string, PodLife>();
  const nameOf = (pod: Pod) => `${pod.metadata.namespace}/${pod.metadata.name}`;

  void watch<Pod>(api, '/api/v1/pods', signal, (pod, change) => {
    const { uid, deletionTimestamp } = pod.metadata;
    const life = lives.get(uid);
    if (change === 'gone') {
      // Deleted by force: without its grace.
      if (life) void life.kill();
      lives.delete(uid);
    } else if (life) life.update(pod);
    else if (nodes.has(pod.spec.nodeName ?? '') && pod.status?.phase === 'Pending' && !deletionTimestamp) {
      const begun = new PodLife(machine, pod);
      lives.set(uid, begun);
      newest.set(nameOf(pod), begun);
    } else if (nodes.has(pod.spec.nodeName ?? '') && deletionTimestamp) {
      const { namespace, name } = pod.metadata;
      void api.delete(`/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 0 }).catch(() => undefined);
    }
  });
  for (const kind of ['configmaps', 'secrets'] as const) {
    void watch<Keys>(api, `/api/v1/${kind}`, signal, ({ metadata }) => {
      for (const life of lives.values())
        if (life.pod.metadata.namespace === metadata.namespace) void life.refresh(kind, metadata.name);
    });
  }
  const lifeOf = (namespace: string, pod: string) => {
    const life = newest.get(`${namespace}/${pod}`);
    if (life === undefined) throw new Error(`no Pod ${namespace}/${pod} has been bound to a node`);
    return life;
  };
  return {
    async addNode(spec) {
      const lost = new AbortController();
      nodes.set(spec.name, lost);
      await addNode(api, spec, AbortSignal.any([signal, lost.signal]));
    },
    async loseNode(name) {
      nodes.get(name)?.abort();
      nodes.delete(name);
      await Promise.all([...lives.values()].filter(({ pod }) => pod.spec.nodeName === name).map((life) => life.kill()));
    },
    log(namespace, pod, container) {
      const life = newest.get(`${namespace}/${pod}`);
      const file = life?.logOf(container ?? life.pod.spec.containers[0]?.name ?? '');
      return file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
    exec(namespace, pod, command) {
      const life = lifeOf(namespace, pod);
      return life.exec(life.pod.spec.containers[0]?.name ?? '', command);
    },
    volume: (namespace, pod, volume) => lifeOf(namespace, pod).volume(volume),
    async fetch(namespace, pod, port, path) {
      const host = lifeOf(namespace, pod).address ?? '';
      return await prober.ask({ kind: 'http', host, port, path, timeoutMs: 5000 });
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all([...lives.values()].map((life) => life.kill()));
      await prober[Symbol.asyncDispose]();
      network[Symbol.dispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

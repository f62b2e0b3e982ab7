/** The life of one Pod on a node: set up, started, started again, ended. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, ApiError } from '../api/client.js';
import type { Container, Pod, Terminated } from '../api/objects.js';
import { type RunningContainer, launch } from './container.js';
import { NotYet, environmentOf, expand } from './environment.js';
import { type Image, type Mount, rootScript } from './image.js';
import type { Names } from './names.js';
import type { Network, PodNetwork } from './network.js';
import type { Prober } from './prober.js';
import { probe } from './probes.js';
import { CREATING, type ContainerView, type PodView, statusOf } from './status.js';
import { type KeyKind, type Objects, type Volumes, makeVolumes } from './volumes.js';

export interface Machine {
  api: Api;
  /** All that lies on disk. */
  folder: string;
  etc: string;
  network: Network;
  names: Names;
  prober: Prober;
  objects: Objects;
  claims: (namespace: string, name: string) => Promise<string>;
  /** @throws for a reference that it does not know: an image that cannot be pulled */
  imageOf(reference: string): Image;
}

/** Much shorter than a kubelet's 10 s to 5 min, so that tests end; the shape is the same. */
const BACK_OFF_MS = { first: 500, most: 4000, healedAfter: 10_000 };
const SETUP_AGAIN_MS = 300;

export class PodLife {
  readonly #machine: Machine;
  readonly #folder: string;
  readonly #views = new Map<string, ContainerView>();
  readonly #running = new Map<string, RunningContainer>();
  readonly #startTime = new Date().toISOString();
  /** No container is started any more. */
  readonly #ending = new AbortController();
  #pod: Pod;
  #network: PodNetwork | undefined;
  #volumes: Volumes | undefined;
  #names: { stop(): void } | undefined;
  #reporting: Promise<void> | undefined;
  #unreported = false;
  /** A node that is lost says nothing. */
  #silent = false;
  readonly done: Promise<void>;

  constructor(machine: Machine, pod: Pod) {
    this.#machine = machine;
    this.#pod = pod;
    this.#folder = join(machine.folder, 'pods', pod.metadata.uid);
    this.done = this.#live();
  }

  get pod(): Pod {
    return this.#pod;
  }

  get address(): string | undefined {
    return this.#network?.address;
  }

  /** Its newest state on the API server; ends it when it is being deleted. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) void this.end(pod.metadata.deletionGracePeriodSeconds ?? 30);
  }

  /** The folder of a volume of it. */
  volume(name: string): string {
    return this.#volumes?.folders.get(name) ?? '';
  }

  async refresh(kind: KeyKind, name: string): Promise<void> {
    await this.#volumes?.refresh(kind, name);
  }

  /** All runs of a container. */
  logOf(container: string): string {
    return join(this.#folder, `${container}.log`);
  }

  /** Runs a command in a container. @returns whether it ended with 0 */
  exec(container: string, command: readonly string[]): boolean {
    return this.#running.get(container)?.exec(command, 10_000) ?? false;
  }

  #ended: Promise<void> | undefined;

  /** preStop, SIGTERM, SIGKILL after the grace period, then the Pod's object goes. */
  end(graceSeconds: number): Promise<void> {
    return (this.#ended ??= this.#end(graceSeconds));
  }

  /** At once and without a word: what a node does whose power is cut. */
  async kill(): Promise<void> {
    this.#silent = true;
    this.#ending.abort();
    for (const container of this.#running.values()) container.kill('SIGKILL');
    await this.done;
  }

  async #end(graceSeconds: number): Promise<void> {
    this.#ending.abort();
    const deadline = AbortSignal.timeout(graceSeconds * 1000);
    deadline.addEventListener('abort', () => {
      for (const container of this.#running.values()) container.kill('SIGKILL');
    });
    await Promise.all(
      this.#pod.spec.containers.map(async (container) => {
        const running = this.#running.get(container.name);
        const { exec, sleep: pause } = container.lifecycle?.preStop ?? {};
        if (exec) running?.exec(exec.command, graceSeconds * 1000);
        if (pause) await sleep(pause.seconds * 1000, undefined, { signal: deadline }).catch(() => undefined);
        running?.kill('SIGTERM');
      }),
    );
    await this.done;
    await this.#reporting;
    if (this.#silent) return;
    const { namespace, name, uid } = this.#pod.metadata;
    await this.#machine.api
      .delete(`/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 0, preconditions: { uid } })
      .catch(ignoreGone);
  }

  async #live(): Promise<void> {
    const { signal } = this.#ending;
    try {
      await this.#setUp();
      for (const container of this.#pod.spec.initContainers ?? []) if (!(await this.#runToSuccess(container))) return;
      await Promise.all(this.#pod.spec.containers.map((container) => this.#keepRunning(container)));
    } catch (error) {
      // Nothing else ends it before its time: what goes wrong is retried, and seen in its status.
      if (!signal.aborted) throw error;
    } finally {
      this.#names?.stop();
      this.#network?.remove();
    }
  }

  async #setUp(): Promise<void> {
    const { namespace = '' } = this.#pod.metadata;
    const { hostname, subdomain } = this.#pod.spec;
    this.#report();
    this.#volumes = await this.#untilThere(() =>
      makeVolumes(this.#pod, this.#folder, this.#machine.objects, this.#machine.claims),
    );
    this.#network = this.#machine.network.addPod();
    const own = [
      subdomain && `${hostname}.${subdomain}.${namespace}.svc.cluster.local`,
      hostname ?? this.#pod.metadata.name,
    ];
    const line = `${this.#network.address} ${own.filter(Boolean).join(' ')}`;
    this.#names = this.#machine.names.follow(namespace, join(this.#folder, 'names'), line);
    this.#report();
  }

  /** Tries again while something that it needs is not there; its containers' status says what. */
  async #untilThere<T>(attempt: () => Promise<T>, container?: string): Promise<T> {
    for (;;) {
      this.#ending.signal.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        const reason = error instanceof NotYet ? 'ContainerCreating' : 'CreateContainerConfigError';
        const message = error instanceof Error ? error.message : String(error);
        for (const { name } of this.#pod.spec.containers)
          if (container === undefined || container === name) this.#see(name, { waiting: { reason, message } });
        await sleep(SETUP_AGAIN_MS, undefined, { signal: this.#ending.signal });
      }
    }
  }

  /** @returns false when it failed, and the Pod's policy says that it stays so */
  async #runToSuccess(container: Container): Promise<boolean> {
    await this.#keepRunning(container, true);
    return this.#views.get(container.name)?.terminated?.exitCode === 0;
  }

  async #keepRunning(container: Container, init = false): Promise<void> {
    const { signal } = this.#ending;
    const policy = init && this.#pod.spec.restartPolicy === 'Always' ? 'OnFailure' : this.#pod.spec.restartPolicy;
    let pause = BACK_OFF_MS.first;
    while (!signal.aborted) {
      const since = performance.now();
      const terminated = await this.#runOnce(container);
      if (terminated === undefined) return;
      const again = policy === 'Always' || (policy === 'OnFailure' && terminated.exitCode !== 0);
      if (!again || signal.aborted) return this.#see(container.name, { terminated });
      if (performance.now() - since > BACK_OFF_MS.healedAfter) pause = BACK_OFF_MS.first;
      const restarts = (this.#views.get(container.name)?.restarts ?? 0) + 1;
      this.#see(container.name, { last: terminated, waiting: { reason: 'CrashLoopBackOff' } });
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) this.#see(container.name, { restarts });
      pause = Math.min(pause * 2, BACK_OFF_MS.most);
    }
    // Ended while it waited: what it last ended with is what it is.
    const last = this.#views.get(container.name)?.last;
    if (last) this.#see(container.name, { terminated: last, waiting: undefined });
  }

  async #runOnce(container: Container): Promise<Terminated | undefined> {
    const { signal } = this.#ending;
    const prepared = await this.#untilThere(() => this.#prepare(container), container.name).catch(() => undefined);
    if (prepared === undefined || signal.aborted) return undefined;
    const running = await launch(prepared, container.terminationMessagePolicy === 'FallbackToLogsOnError');
    this.#running.set(container.name, running);
    if (signal.aborted) running.kill(this.#silent ? 'SIGKILL' : 'SIGTERM');
    this.#see(container.name, { waiting: undefined, runningSince: running.startedAt });
    const over = new AbortController();
    const [address, grace] = [this.address ?? '', this.#pod.spec.terminationGracePeriodSeconds];
    void probe(
      container,
      address,
      running,
      this.#machine.prober,
      over.signal,
      (state) => this.#see(container.name, state),
      () => {
        if (signal.aborted) return; // it is being ended as it is
        running.kill('SIGTERM');
        setTimeout(() => running.kill('SIGKILL'), grace * 1000).unref();
      },
    );
    const terminated = await running.ended;
    over.abort();
    this.#running.delete(container.name);
    this.#see(container.name, { runningSince: undefined, started: false, ready: false });
    return terminated;
  }

  async #prepare(container: Container) {
    const pod = this.#pod;
    const image = this.#machine.imageOf(container.image);
    const path = `/opt/node/bin:${image.env?.['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'}`;
    const env = await environmentOf(pod, container, this.#machine.objects, {
      address: this.address ?? '',
      image: { ...image.env, PATH: path },
    });
    const security = { ...pod.spec.securityContext, ...container.securityContext };
    const root = join(this.#folder, 'root', container.name);
    mkdirSync(root, { recursive: true });
    const mounts: Mount[] = (container.volumeMounts ?? []).map(
      ({ name, mountPath, subPath = '', readOnly = false }) => {
        const source = join(this.#volumes?.folders.get(name) ?? '', subPath);
        if (subPath !== '') mkdirSync(source, { recursive: true });
        const projected = pod.spec.volumes?.some(
          (each) => each.name === name && (each.secret ?? each.configMap ?? each.projected),
        );
        return { source, target: mountPath, readOnly: readOnly || projected === true };
      },
    );
    const script = rootScript({
      root,
      etc: this.#machine.etc,
      names: join(this.#folder, 'names'),
      image,
      mounts,
      readOnlyRoot: security.readOnlyRootFilesystem ?? false,
      sharesProcesses: pod.spec.shareProcessNamespace ?? false,
      hostname: pod.spec.hostname ?? pod.metadata.name,
      workingDir: container.workingDir ?? image.workingDir ?? '/',
      user: {
        uid: security.runAsUser ?? 0,
        gid: security.runAsGroup ?? 0,
        groups: security.fsGroup === undefined ? [] : [security.fsGroup],
        noNewPrivileges: security.allowPrivilegeEscalation === false,
        dropAll: security.capabilities?.drop?.includes('ALL') ?? false,
      },
    });
    const command = container.command ?? image.entrypoint ?? [];
    const args = container.args ?? (container.command ? [] : (image.command ?? []));
    const argv = [...command, ...args].map((part) => expand(part, env));
    const sharesProcesses = pod.spec.shareProcessNamespace ?? false;
    return {
      network: this.#network?.namespace ?? '',
      sharesProcesses,
      script,
      argv,
      env,
      log: this.logOf(container.name),
    };
  }

  #see(container: string, change: Partial<ContainerView>): void {
    this.#views.set(container, { ...(this.#views.get(container) ?? CREATING), ...change });
    this.#report();
  }

  /** One report at a time; what changes meanwhile is in the next one. */
  #report(): void {
    this.#unreported = true;
    this.#reporting ??= this.#reportAll().finally(() => (this.#reporting = undefined));
  }

  async #reportAll(): Promise<void> {
    const { namespace, name, uid } = this.#pod.metadata;
    while (this.#unreported && !this.#silent) {
      this.#unreported = false;
      const view: PodView = { address: this.address, startTime: this.#startTime, containers: this.#views };
      const status = statusOf(this.#pod, view);
      this.#pod = { ...this.#pod, status };
      await this.#machine.api
        .patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, { metadata: { uid }, status })
        .catch(ignoreGone);
    }
  }
}

/** Deleted by force, or replaced by another of its name. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof ApiError) || ![404, 409].includes(error.code)) throw error;
}

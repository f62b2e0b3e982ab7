/** What a kubelet says of a Pod, from what it knows of its containers. */
import type { Condition, Container, ContainerStatus, Pod, PodStatus, Terminated } from '../api/objects.js';

/** Until now; nothing of it is on the API server before it is reported. */
export interface ContainerView {
  waiting: { reason: string; message?: string } | undefined;
  runningSince: string | undefined;
  terminated: Terminated | undefined;
  last: Terminated | undefined;
  restarts: number;
  started: boolean;
  ready: boolean;
}

export const CREATING: ContainerView = {
  waiting: { reason: 'ContainerCreating' },
  runningSince: undefined,
  terminated: undefined,
  last: undefined,
  restarts: 0,
  started: false,
  ready: false,
};

export interface PodView {
  address: string | undefined;
  startTime: string;
  containers: ReadonlyMap<string, ContainerView>;
}

export function statusOf(pod: Pod, view: PodView): PodStatus & { hostIP: string; startTime: string } {
  const { spec } = pod;
  const viewOf = ({ name }: Container) => view.containers.get(name) ?? CREATING;
  const initialised = (spec.initContainers ?? []).every((each) => viewOf(each).terminated?.exitCode === 0);
  const mains = spec.containers.map(viewOf);
  const ready = initialised && mains.every((each) => each.ready);
  const phase = phaseOf(spec, mains, (spec.initContainers ?? []).map(viewOf));
  const before = pod.status?.conditions ?? [];
  const conditions = [
    // The scheduler's own.
    ...before.filter(({ type }) => type === 'PodScheduled' || type === 'DisruptionTarget'),
    condition(before, 'PodReadyToStartContainers', view.address !== undefined),
    condition(before, 'Initialized', initialised),
    condition(before, 'ContainersReady', ready),
    condition(before, 'Ready', ready),
  ];
  const statuses = (containers: readonly Container[]) => containers.map((each) => containerStatus(each, viewOf(each)));
  return {
    phase,
    conditions,
    hostIP: '10.244.0.1',
    startTime: view.startTime,
    ...(view.address === undefined ? {} : { podIP: view.address, podIPs: [{ ip: view.address }] }),
    ...(spec.initContainers ? { initContainerStatuses: statuses(spec.initContainers) } : {}),
    containerStatuses: statuses(spec.containers),
  };
}

function phaseOf(
  { restartPolicy }: Pod['spec'],
  mains: readonly ContainerView[],
  inits: readonly ContainerView[],
): PodStatus['phase'] {
  if (restartPolicy !== 'Always') {
    const ended = (each: ContainerView) => each.terminated !== undefined && each.waiting === undefined;
    if (inits.some((each) => ended(each) && each.terminated?.exitCode !== 0)) return 'Failed';
    if (mains.every(ended)) return mains.every((each) => each.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  // All but a first start: one that waits to be started again counts as running.
  return mains.every((each) => each.runningSince !== undefined || each.last || each.terminated) ? 'Running' : 'Pending';
}

function condition(before: readonly Condition[], type: string, holds: boolean): Condition {
  const status = holds ? 'True' : 'False';
  const old = before.find((each) => each.type === type);
  if (old?.status === status) return old;
  return { type, status, lastTransitionTime: new Date().toISOString() };
}

function containerStatus({ name, image }: Container, view: ContainerView): ContainerStatus {
  return {
    name,
    image,
    imageID: image,
    ready: view.ready,
    started: view.started,
    restartCount: view.restarts,
    state: stateOf(view),
    lastState: view.last ? { terminated: view.last } : {},
  };
}

function stateOf({ waiting, runningSince, terminated }: ContainerView): ContainerStatus['state'] {
  if (waiting) return { waiting };
  if (runningSince !== undefined) return { running: { startedAt: runningSince } };
  return terminated ? { terminated } : {};
}

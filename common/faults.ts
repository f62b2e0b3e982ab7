/** The faults that can be made on purpose, by their names on the command line and on the wire. */

/** Made by the worker itself. */
export const WORKER_FAULTS = ['kill', 'stop', 'delay', 'partition', 'nan', 'slow'] as const;
/** Made by the coordinator. */
export const COORDINATOR_FAULTS = ['corrupt-checkpoint', 'coordinator-kill'] as const;
export const FAULT_KINDS = [...WORKER_FAULTS, ...COORDINATOR_FAULTS] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Between a worker and a peer. */
export const LINK_FAULTS: readonly string[] = ['delay', 'partition'] satisfies FaultKind[];
/** They last for a time. */
export const LASTING_FAULTS: readonly string[] = ['stop', 'delay', 'partition', 'slow'] satisfies FaultKind[];
/** They take a number of milliseconds. */
export const SLOWING_FAULTS: readonly string[] = ['delay', 'slow'] satisfies FaultKind[];

/** The longest time that a timer takes, 24.8 days. */
export const LONGEST_MS = 2 ** 31 - 1;

export function isFaultKind(kind: string): kind is FaultKind {
  return FAULT_KINDS.some((known) => known === kind);
}

/**
 * Why a process cannot kill or stop itself, if it cannot: the kernel spares the first process of a PID namespace from the
 * signals of its own namespace (pid_namespaces(7)).
 */
export function whyUnkillable(pid: number): string | undefined {
  if (pid !== 1) return undefined;
  return 'it is process 1 of its container, which cannot kill or stop itself: run it under an init (docker run --init, or shareProcessNamespace: true in Kubernetes)';
}

/** Why a worker cannot be stopped, if it cannot: what SIGSTOP does has no like in Windows. */
export function whyUnstoppable(platform: string = process.platform): string | undefined {
  if (platform !== 'win32') return undefined;
  return 'Windows cannot stop a process and let it go on: ask for delay, partition or slow, which it can';
}

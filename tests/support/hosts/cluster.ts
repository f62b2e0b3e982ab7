/** A run over several hosts: the coordinator in host 0, a worker in each of the others. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import { COORDINATOR, type Ended, readJournal, until } from '../runs/run.js';
import { WORKER } from '../wire/control-peer.js';
import type { Hosts } from './hosts.js';

export interface Cluster {
  coordinator: ChildProcess;
  ended: Promise<Ended>;
  /** Starts a worker in a host. */
  addWorker(host: number): ChildProcess;
  events(): RunEvent[];
  /** The host whose worker has a role. */
  hostOf(role: string): Promise<number>;
}

/** Starts `coordinator start --out OUT ...args` and the workers. @param protection flags of who is in a host: mutual TLS, or none */
export async function startCluster(
  hosts: Hosts,
  workers: number,
  out: string,
  args: readonly string[],
  protection: (host: number) => readonly string[] = () => ['--insecure'],
): Promise<Cluster> {
  const options = ['--placement', 'external', '--host', hosts.addressOf(0), '--port', '50051', ...protection(0)];
  const coordinator = hosts.exec(0, [process.execPath, COORDINATOR, 'start', '--out', out, ...options, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    coordinator[name]?.setEncoding('utf8').on('data', (part: string) => (text[name] += part));
  }
  const ended = new Promise<Ended>((resolve) =>
    coordinator.once('close', (code) => resolve({ code: code ?? -1, ...text })),
  );
  const events = () => readJournal<RunEvent>(out, 'events.jsonl');
  const address = await until('the coordinator to listen', () => {
    if (coordinator.exitCode !== null) throw new Error(text.stderr);
    const started = events().find(({ event }) => event === 'run-started');
    return started?.event === 'run-started' && started.address;
  });
  const hostByPid = new Map<number, number>();
  const addWorker = (host: number) => {
    const join_ = ['join', '--coordinator', address, '--token-file', join(out, 'token')];
    const child = hosts.exec(
      host,
      [process.execPath, WORKER, ...join_, '--host', hosts.addressOf(host), ...protection(host)],
      {
        stdio: 'ignore',
      },
    );
    hostByPid.set(child.pid ?? 0, host);
    return child;
  };
  for (let host = 1; host <= workers; host += 1) addWorker(host);
  return {
    coordinator,
    ended,
    addWorker,
    events,
    hostOf: (role) =>
      until(`the host of ${role}`, () => {
        const assigned = events().findLast((event) => event.event === 'role-assigned' && event.role === role);
        return assigned?.event === 'role-assigned' && hostByPid.get(Number(assigned.worker.split('/').at(-1)));
      }),
  };
}

/** The newest line of a run's log of what it says, for a failed assertion. */
export function lastEvents(out: string, count = 20): string {
  return readFileSync(join(out, 'events.jsonl'), 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}

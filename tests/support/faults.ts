/** Faults made on purpose in real runs of tests. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAccess } from '../../coordinator/chaos/access.js';
import { requestFault } from '../../coordinator/chaos/client.js';
import type { RunEvent } from '../../coordinator/run/journal.js';
import type { RunStatus } from '../../coordinator/run/status.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import { readJournal, until } from './run.js';

/** A run so small that a step takes milliseconds. */
export const TINY = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--threads', '1'];
export const ROLES = ['discriminator', 'generator-1', 'generator-2'];

export const eventsOf = (out: string) => readJournal<RunEvent>(out, 'events.jsonl');

/** The events of one kind. */
export function eventsNamed<K extends RunEvent['event']>(out: string, kind: K): Extract<RunEvent, { event: K }>[] {
  return eventsOf(out).filter((event): event is Extract<RunEvent, { event: K }> => event.event === kind);
}

/** Where the coordinator of a run listens, once it does. */
export async function addressOf(out: string): Promise<string> {
  const file = join(out, 'run.json');
  return await until('the address', () => {
    if (!existsSync(file)) return undefined;
    const { address, state } = JSON.parse(readFileSync(file, 'utf8')) as RunStatus;
    return (state === 'starting' || state === 'running') && address !== '' ? address : undefined;
  });
}

/** Asks a run that has just been started for a fault. Resolves when the fault is on its way. */
export async function inject(out: string, fault: Partial<Fault__Output> & { kind: string }) {
  await addressOf(out);
  return await requestFault(runAccess(out), { role: '', peer: '', atStep: 0, milliseconds: 0, delayMs: 0, ...fault });
}

/** The process of the worker that has, or had last, a role. */
export function pidOf(out: string, role: string): number {
  const assigned = eventsNamed(out, 'role-assigned').findLast((event) => event.role === role);
  return Number(assigned?.worker.split('/').at(-1));
}

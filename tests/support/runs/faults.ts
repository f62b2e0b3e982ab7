/** Faults made on purpose in real runs of tests. */
import { runAccess } from '../../../coordinator/chaos/access.js';
import { requestFault } from '../../../coordinator/chaos/client.js';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import type { Fault__Output } from '../../../proto/generated/duet/v1/Fault.js';
import { addressOf, readJournal } from './run.js';

/** A run so small that a step takes milliseconds. */
export const TINY = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--threads', '1'];

export const eventsOf = (out: string) => readJournal<RunEvent>(out, 'events.jsonl');

/** The events of one kind. */
export function eventsNamed<K extends RunEvent['event']>(out: string, kind: K): Extract<RunEvent, { event: K }>[] {
  return eventsOf(out).filter((event): event is Extract<RunEvent, { event: K }> => event.event === kind);
}

/** A fault of that kind, for now, with nothing but what is given. */
export function faultOf(kind: string, more: Partial<Fault__Output> = {}): Fault__Output {
  return { kind, role: '', peer: '', atStep: 0, milliseconds: 0, delayMs: 0, ...more };
}

/** Asks a run that has just been started for a fault. Resolves when the fault is on its way. */
export async function inject(out: string, { kind, ...more }: Partial<Fault__Output> & { kind: string }) {
  await addressOf(out);
  return await requestFault(runAccess(out), faultOf(kind, more));
}

/** The process of the worker that has, or had last, a role. */
export function pidOf(out: string, role: string): number {
  const assigned = eventsNamed(out, 'role-assigned').findLast((event) => event.role === role);
  return Number(assigned?.worker.split('/').at(-1));
}

/** What a run under faults has to say: how each fault was found, and what each recovery took. */
import type { RunEvent } from '../../coordinator/run/journal/journal.js';
import { table } from '../statistics.js';

type Recovered = Extract<RunEvent, { event: 'recovered' }>;
const PARTS = ['detectMs', 'replaceMs', 'restoreMs', 'replayMs', 'totalMs'] as const;

export interface Injected {
  kind: string;
  recoveries: Recovered[];
}

/** Every fault with the recoveries that came before the next one. */
export function faultsOf(events: readonly RunEvent[]): Injected[] {
  const faults: Injected[] = [];
  for (const event of events) {
    if (event.event === 'fault-injected') faults.push({ kind: event.fault, recoveries: [] });
    if (event.event === 'recovered') faults.at(-1)?.recoveries.push(event);
  }
  return faults;
}

/** A row a kind of fault: how many, the causes that were named, and the parts of the recoveries as median / 90 % / longest. */
export function faultTable(faults: readonly Injected[]): string {
  const kinds = [...new Set(faults.map(({ kind }) => kind))].sort();
  const rows = kinds.map((kind) => {
    const ofKind = faults.filter((fault) => fault.kind === kind);
    return [kind, String(ofKind.length), causesOf(ofKind), ...partsOf(ofKind.flatMap(({ recoveries }) => recoveries))];
  });
  const all = faults.flatMap(({ recoveries }) => recoveries);
  rows.push(['all', String(faults.length), `${all.length} recoveries`, ...partsOf(all)]);
  return table(['fault', 'made', 'found as', 'detect ms', 'replace', 'restore', 'replay', 'total'], rows);
}

function causesOf(faults: readonly Injected[]): string {
  const counts = new Map<string, number>();
  for (const { recoveries } of faults) {
    for (const { cause } of recoveries) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return [...counts].map(([cause, count]) => `${cause} ${count}`).join(', ');
}

function partsOf(recoveries: readonly Recovered[]): string[] {
  return PARTS.map((part) => spread(recoveries.map((recovered) => recovered[part])));
}

/** median / 90th percentile / maximum */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return '';
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return `${at(0.5)} / ${at(0.9)} / ${at(1)}`;
}

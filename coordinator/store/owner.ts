/** Who drives a run, as a lease of any store names it, and whether that process is still there. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { LeaseLostError, UsageError } from '../../common/errors.js';
import { processSpace, startOf } from '../../common/process/process-stat.js';

export const leaseSchema = z.object({
  /** Grows by one with every coordinator. */
  term: z.int().min(1),
  host: z.string(),
  pid: z.int().min(1),
  /** See `startOf` and `processSpace`. */
  started: z.string(),
  space: z.string(),
  /** ISO 8601, by the owner's clock. */
  since: z.string(),
  /** Once it has ended in order. */
  released: z.string().exactOptional(),
});
export type LeaseRecord = Readonly<z.output<typeof leaseSchema>>;

/** Of this process, from now on. */
export function recordOf(term: number): LeaseRecord {
  return {
    term,
    host: hostname(),
    pid: process.pid,
    started: startOf(process.pid),
    space: processSpace(),
    since: new Date().toISOString(),
  };
}

/** host/pid */
export function nameOf(record: LeaseRecord | undefined): string {
  return record === undefined ? 'of an unknown host' : `${record.host}/${record.pid}`;
}

/**
 * Whether the owner is there; undefined: that cannot be looked up. It is of another host, or container, or a process has its
 * id of which the system does not tell when it started (macOS, Windows): it is the owner, or a later one.
 */
export function livesHere(record: LeaseRecord): boolean | undefined {
  if (record.host !== hostname() || record.space !== processSpace()) return undefined;
  const found = startOf(record.pid);
  return found === '' ? undefined : found === record.started;
}

/** @param run its directory, or its name in a store */
export function inUse(run: string, record: LeaseRecord | undefined): UsageError {
  const since = record === undefined ? '' : `, since ${record.since}`;
  return new UsageError(
    `a coordinator (${nameOf(record)}${since}) is at work on ${run}: wait for its end, or stop it${record === undefined ? '' : ` (kill ${record.pid})`}; if it does not respond, take the run from it with --take-over`,
  );
}

export function takenOver(record: LeaseRecord | undefined): LeaseLostError {
  const at = record === undefined ? '' : ` at ${record.since}`;
  return new LeaseLostError(
    `another coordinator (${nameOf(record)}) took this run over${at}: this one stops and writes nothing more`,
  );
}

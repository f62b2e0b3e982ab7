/** lease.TERM.json: who drives a run, or drove it last. */
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type LeaseRecord, leaseSchema } from '../owner.js';

export interface FoundLease {
  path: string;
  term: number;
  /** Undefined when the file cannot be read: its name gives the term all the same. */
  record: LeaseRecord | undefined;
}

export function leaseFile(folder: string, term: number): string {
  return join(folder, `lease.${term}.json`);
}

/** That of the highest term. */
export function newestLease(folder: string): FoundLease | undefined {
  for (;;) {
    const term = Math.max(0, ...termsIn(folder));
    if (term === 0) return undefined;
    const path = leaseFile(folder, term);
    const record = readLease(path);
    // Gone since it was listed: whoever has removed it has a later one.
    if (record !== undefined || existsSync(path)) return { path, term, record };
  }
}

export function removeLeasesBelow(folder: string, term: number): void {
  for (const earlier of termsIn(folder)) if (earlier < term) rmSync(leaseFile(folder, earlier), { force: true });
}

/** When the owner last said that it lives, by the clock of whoever keeps the file; undefined when the file is gone. */
export function renewedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function termsIn(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const [, term] = /^lease\.([1-9]\d{0,14})\.json$/.exec(name) ?? [];
    return term === undefined ? [] : [Number(term)];
  });
}

function readLease(path: string): LeaseRecord | undefined {
  try {
    return leaseSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

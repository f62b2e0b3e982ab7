/** A lock file: one process works in a folder at a time; a lock whose owner died is taken over. */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from './process-stat.js';
import { whenFree } from './when-free.js';

const RETRY_MS = 250;
/** The owner touches its lock this often; for waiters that cannot look its process up, or not when it started. */
const BEAT_MS = 5000;
/** A lock that has not been touched for this long, by the waiter's clock, is nobody's. */
const SILENCE_MS = 60_000;

/** Waits for the lock file to be ours. `waiting` is called once if another process holds it. */
export async function lock(
  file: string,
  waiting: () => void,
  signal?: AbortSignal,
  silenceMs = SILENCE_MS,
): Promise<Disposable> {
  const isSilent = silence(silenceMs);
  for (let told = false; ;) {
    signal?.throwIfAborted();
    const ours = acquire(file);
    if (ours !== undefined) return hold(file, ours);
    const theirs = read(file);
    if (theirs === undefined) continue;
    if (isDead(theirs.owner) || isSilent(theirs)) takeOver(file, theirs.owner);
    else {
      if (!told) waiting();
      told = true;
      await sleep(RETRY_MS, undefined, signal ? { signal } : {});
    }
  }
}

/** The owner's description as it stands in the file: host, process id, and when that process started. */
function describe(pid: number): string {
  return JSON.stringify([hostname(), pid, startOf(pid)]);
}

/** @returns what was written, or undefined if there is a lock already */
function acquire(file: string): string | undefined {
  try {
    // 'wx' is atomic: one of two processes makes the file.
    const handle = whenFree(() => openSync(file, 'wx'));
    const owner = describe(process.pid);
    writeSync(handle, owner);
    closeSync(handle);
    return owner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

function hold(file: string, ours: string): Disposable {
  const beat = setInterval(() => touch(file), BEAT_MS).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(beat);
      if (read(file)?.owner === ours) whenFree(() => rmSync(file, { force: true }));
    },
  };
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // taken over while this process was suspended
  }
}

interface Seen {
  owner: string;
  touched: number;
}

/** Undefined when it has just been released. */
function read(file: string): Seen | undefined {
  try {
    return whenFree(() => ({ owner: readFileSync(file, 'utf8'), touched: statSync(file).mtimeMs }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Only processes of this host can be looked up; a container sharing the cache counts as another host. */
function isDead(owner: string): boolean {
  const [host, pid] = parse(owner);
  return host === hostname() && pid !== undefined && describe(pid) !== owner;
}

/** Not of an id alone, where the system does not tell when its process started: a later one may have it. */
function isKnownToLive(owner: string): boolean {
  const [host, , started] = parse(owner);
  return host === hostname() && started !== '';
}

/** Tells that a lock held elsewhere has stood untouched for long. Compares times of one machine only. */
function silence(silenceMs: number): (seen: Seen) => boolean {
  let last = '';
  let since = performance.now();
  return ({ owner, touched }) => {
    const state = `${owner} ${touched}`;
    if (state !== last || isKnownToLive(owner)) since = performance.now();
    last = state;
    return performance.now() - since > silenceMs;
  };
}

/** Renaming is atomic, so one of two waiters takes a dead owner's lock away, and both then compete for a new one. */
function takeOver(file: string, owner: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  // Another waiter was quicker and this is its lock.
  if (read(aside)?.owner !== owner) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function parse(owner: string): [host?: string, pid?: number, started?: string] {
  try {
    return JSON.parse(owner) as [string, number, string];
  } catch {
    // between its making and its writing
    return [];
  }
}

/** The processes that work on runs: `coordinator start` and `coordinator evaluate`, one at a time for each run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sentenceOf } from '../../../common/log/log-line.js';
import { OWN_SESSION } from '../../placement/children.js';
import { storageError } from '../../run/storage-error.js';
import { newestLease } from '../../store/file/lease-file.js';
import { isDriven } from '../../view/read-run.js';
import type { RunPaths } from '../paths.js';

/** dist/coordinator/compare/running/ lies four levels below the package's root. */
const COORDINATOR = fileURLToPath(new URL('../../../../coordinator/bin/coordinator.js', import.meta.url));
const POLL_MS = 200;
/** macOS and Windows have none. */
const PROC = '/proc';
/** How long a process that was left behind may take to write its checkpoint and leave. */
const GRACE_MS = 60_000;

export interface Ended {
  /** Null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it said went wrong. */
  reason: string;
}

/** Runs `coordinator ...args` to its end; `stop` asks it once to stop cleanly. */
export async function runCoordinator(args: readonly string[], paths: RunPaths, stop: AbortSignal): Promise<Ended> {
  const log = openLog(paths.log);
  let child: ChildProcess;
  try {
    // The channel carries nothing; when it breaks, a run stops with a checkpoint, also when the comparison has died.
    child = spawn(process.execPath, [COORDINATOR, ...args], { ...OWN_SESSION, stdio: ['ignore', log, log, 'ipc'] });
  } finally {
    closeSync(log);
  }
  // Not by a signal: in Windows there is none that a process could hear. An evaluation has nothing to save.
  const halt = () => (args[0] === 'start' && child.connected ? child.disconnect() : void child.kill('SIGTERM'));
  try {
    const ended = new Promise<Omit<Ended, 'reason'>>((resolve, reject) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', reject);
    });
    if (child.pid !== undefined) writeFileSync(paths.process, JSON.stringify({ pid: child.pid }));
    stop.addEventListener('abort', halt, { once: true });
    if (stop.aborted) halt();
    const { code, signal } = await ended;
    return { code, signal, reason: lastComplaint(paths.log) };
  } finally {
    stop.removeEventListener('abort', halt);
    rmSync(paths.process, { force: true });
  }
}

function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  } catch (error) {
    throw storageError(error, path);
  }
}

const COMPLAINT = /^(error|internal error, please report it): /;

/** The last error that the log has, without its prefix; its last line if there is none. */
function lastComplaint(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const complaint = lines.findLast((line) => COMPLAINT.test(line));
  return (complaint ?? sentenceOf(lines.at(-1) ?? '')).replace(/^error: /, '').slice(0, 500);
}

/** The process that an earlier comparison left at work on this run, if it lives. */
export function leftProcess(paths: RunPaths): number | undefined {
  if (!existsSync(paths.process)) return undefined;
  try {
    const { pid } = JSON.parse(readFileSync(paths.process, 'utf8')) as { pid: number };
    // Ids are used again: it is that process only if it names the run's folder.
    if (existsSync(PROC))
      return readFileSync(`${PROC}/${pid}/cmdline`, 'utf8').split('\0').includes(paths.folder) ? pid : undefined;
    // Where nobody tells what a process was started with, it is the one that renews the run's lease.
    return newestLease(paths.folder)?.record?.pid === pid && isDriven(paths.folder) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Waits until a left process is gone. Its channel has broken, so a run stops by itself; an evaluation has to be asked. */
export async function endLeftProcess(paths: RunPaths, stop: AbortSignal): Promise<void> {
  const deadline = performance.now() + GRACE_MS;
  for (let asked = false; ;) {
    const pid = leftProcess(paths);
    if (pid === undefined) break;
    try {
      // In Windows this would end a run before its checkpoint.
      if (!asked && process.platform !== 'win32') process.kill(pid, 'SIGTERM');
      if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
    } catch {
      // gone meanwhile
    }
    asked = true;
    await sleep(POLL_MS, undefined, { signal: stop });
  }
  rmSync(paths.process, { force: true });
}

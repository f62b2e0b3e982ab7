/** The processes that work on runs: `coordinator start` and `coordinator evaluate`, one at a time for each run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sentenceOf } from '../../../common/log-line.js';
import { storageError } from '../../run/storage-error.js';
import type { RunPaths } from '../paths.js';

/** dist/coordinator/compare/ lies three levels below the package's root. */
const COORDINATOR = fileURLToPath(new URL('../../../../coordinator/bin/coordinator.js', import.meta.url));
const POLL_MS = 200;
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
    // A session of its own: Ctrl-C in the terminal is for the comparison, which then stops its runs once each.
    // The channel carries nothing; when the comparison dies, it breaks, and the run stops with a checkpoint.
    child = spawn(process.execPath, [COORDINATOR, ...args], { detached: true, stdio: ['ignore', log, log, 'ipc'] });
  } finally {
    closeSync(log);
  }
  const halt = () => void child.kill('SIGTERM');
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
    // Ids are used again: it is that process only if it names the run's folder or config.
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command.includes(paths.folder) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Asks a left process to stop, and waits until it is gone. */
export async function endLeftProcess(paths: RunPaths, stop: AbortSignal): Promise<void> {
  const deadline = performance.now() + GRACE_MS;
  for (let asked = false; ;) {
    const pid = leftProcess(paths);
    if (pid === undefined) break;
    try {
      if (!asked) process.kill(pid, 'SIGTERM');
      if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
    } catch {
      // gone meanwhile
    }
    asked = true;
    await sleep(POLL_MS, undefined, { signal: stop });
  }
  rmSync(paths.process, { force: true });
}

/** One run of a container: a process that is the first of its own namespaces, with all that it starts. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CONTAINER_PATH } from './image.js';
import type { Terminated } from '../api/objects.js';

export interface Launch {
  /** Path of the network namespace. */
  network: string;
  /** Sees the processes of its Pod's other containers; here: those of this machine. */
  sharesProcesses: boolean;
  /** What makes the root and becomes the command. */
  script: string;
  argv: readonly string[];
  env: Record<string, string>;
  /** Where its output goes, after that of earlier runs. */
  log: string;
}

export interface RunningContainer {
  startedAt: string;
  ended: Promise<Terminated>;
  /** To its first process. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Runs a command inside. @returns whether it ended with 0 */
  exec(command: readonly string[], timeoutMs: number): boolean;
}

/** As much of the log's tail as the kubelet takes for a message. */
const MESSAGE_BYTES = 2048;
const MESSAGE_LINES = 80;

/** Resolves when its command is about to run, or when it has ended before. */
export async function launch(
  { network, sharesProcesses, script, argv, env, log }: Launch,
  fallBackToLogs: boolean,
): Promise<RunningContainer> {
  const from = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const output = createWriteStream(log, { flags: 'a' });
  const pid = sharesProcesses ? [] : ['--pid'];
  const namespaces = ['--mount', ...pid, '--uts', '--ipc', '--fork', '--kill-child', '--propagation', 'private'];
  const child = spawn(
    'nsenter',
    [`--net=${network}`, 'unshare', ...namespaces, '/bin/sh', '-c', script, 'sh', ...argv],
    {
      env: { ...env, PATH: process.env['PATH'], [CONTAINER_PATH]: env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  child.stdout?.pipe(output, { end: false });
  child.stderr?.pipe(output, { end: false });
  const startedAt = new Date().toISOString();
  const ended = once(child, 'close').then(async ([code, signal]) => {
    output.end();
    await once(output, 'close');
    const terminated = terminatedOf(code as number | null, signal as NodeJS.Signals | null, startedAt);
    const message = fallBackToLogs && terminated.exitCode !== 0 ? tailOf(log, from) : '';
    return message === '' ? terminated : { ...terminated, message };
  });
  await Promise.race([once(child.stdio[3] as Readable, 'data'), ended]);
  return {
    startedAt,
    ended,
    kill(signal) {
      const first = firstOf(child);
      try {
        // unshare itself would pass nothing on.
        if (first !== undefined) process.kill(first, signal);
        else if (signal === 'SIGKILL') child.kill('SIGKILL');
      } catch {
        // it has ended meanwhile
      }
    },
    exec(command, timeoutMs) {
      const first = firstOf(child);
      if (first === undefined) return false;
      const into = ['--target', String(first), '--mount', '--pid', '--net', '--uts', '--root', '--wd=/', '--'];
      return (
        spawnSync('nsenter', [...into, '/usr/bin/env', `PATH=${env['PATH']}`, ...command], {
          timeout: timeoutMs,
          stdio: 'ignore',
        }).status === 0
      );
    },
  };
}

/** The first process in the namespaces: unshare's only child. */
function firstOf(child: ChildProcess): number | undefined {
  try {
    const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    return pid ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

const NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function terminatedOf(code: number | null, signal: NodeJS.Signals | null, startedAt: string): Terminated {
  const number = signal === null ? undefined : (NUMBERS[signal] ?? 0);
  const exitCode = code ?? 128 + (number ?? 0);
  return {
    exitCode,
    ...(number === undefined ? {} : { signal: number }),
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt,
    finishedAt: new Date().toISOString(),
  };
}

function tailOf(log: string, from: number): string {
  const bytes = readFileSync(log).subarray(from);
  const lines = bytes
    .subarray(Math.max(0, bytes.length - MESSAGE_BYTES))
    .toString()
    .split('\n');
  return lines.slice(-MESSAGE_LINES).join('\n');
}

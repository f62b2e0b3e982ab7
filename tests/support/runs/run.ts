/** Real runs for tests: the command line as a user types it, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunStatus } from '../../../coordinator/run/status.js';
import { rolesOf } from '../../../coordinator/training/crew/roles.js';

/** dist/tests/support/runs/ lies four levels below the package's root. */
export const COORDINATOR = fileURLToPath(new URL('../../../../coordinator/bin/coordinator.js', import.meta.url));
const DEADLINE_MS = 120_000;
const POLL_MS = 20;

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunningCommand extends AsyncDisposable {
  child: ChildProcess;
  /** How it ended. */
  ended: Promise<Ended>;
}

/** Where a command runs, if not as the test does. */
export interface Elsewhere {
  node?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** Starts `coordinator ...args`; disposing of it ends it, if it has not ended. */
export function coordinator(
  args: readonly string[],
  { node = process.execPath, ...where }: Elsewhere = {},
): RunningCommand {
  return command(node, [COORDINATOR, ...args], where);
}

/** Likewise any program of ours. */
export function command(node: string, args: readonly string[], where: Omit<Elsewhere, 'node'>): RunningCommand {
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'], ...where });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => (text[name] += part));
  }
  const ended = once(child, 'close').then(([code]) => ({ code: (code as number | null) ?? -1, ...text }));
  return {
    child,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs `coordinator start` to its end on a free port. */
export async function startRun(out: string, ...args: string[]): Promise<Ended> {
  await using run = coordinator(['start', '--port', '0', '--out', out, ...args]);
  return await run.ended;
}

type Found<T> = T | undefined | false;

/** Asks again and again until it is there. @throws when the deadline has passed */
export async function until<T>(what: string, find: () => Found<T> | Promise<Found<T>>): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS / 1000} s in vain for ${what}`);
    await sleep(POLL_MS);
  }
}

/** Of a run with two generators. */
export const ROLES = rolesOf(2);

/** What run.json says, once it is there. */
export function statusOf(directory: string): RunStatus | undefined {
  const file = join(directory, 'run.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunStatus) : undefined;
}

/** Where the coordinator of a run listens, once it does. */
export async function addressOf(directory: string): Promise<string> {
  return await until('the address', () => statusOf(directory)?.address || undefined);
}

/** The objects of a journal of a run; a last line that is still being written is left out. */
export function readJournal<T>(directory: string, name: 'events.jsonl' | 'metrics.jsonl' | 'quality.jsonl'): T[] {
  const path = join(directory, name);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as T);
}

export function readCheckpoint(directory: string, step: number, role: string): Buffer {
  return readFileSync(join(directory, 'checkpoints', `step-${String(step).padStart(6, '0')}`, `${role}.safetensors`));
}

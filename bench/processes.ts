/** Child processes of a benchmark: they end with it, and none else is touched. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const running = new Set<number>();

/** A group of its own for each child, so that what it has started ends with it. */
function killAll(): void {
  for (const pid of running) kill(pid);
}
process.once('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

interface Started {
  child: ChildProcessByStdio<null, Readable, Readable>;
  pid: number;
  /** True once it was killed for having taken too long. */
  isLate(): boolean;
}

function start(program: string, args: readonly string[], timeoutMs: number, env = process.env): Started {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  running.add(pid);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(pid);
  }, timeoutMs);
  child.once('close', () => {
    clearTimeout(timer);
    running.delete(pid);
  });
  return { child, pid, isLate: () => late };
}

/** How a child process ended. */
export interface Ended {
  lines: string[];
  /** Undefined when it did what it was to do. */
  failure: { code: number | undefined; reason: string } | undefined;
}

/** Lines of stdout; none when it failed or the time ran out. */
export async function runLines(program: string, args: readonly string[], timeoutMs: number): Promise<string[]> {
  const { lines, failure } = await runToEnd(program, args, timeoutMs);
  return failure === undefined ? lines : [];
}

/** Waits for its end, or kills it and all that it has started. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  env?: NodeJS.ProcessEnv,
): Promise<Ended> {
  const { child, isLate } = start(program, args, timeoutMs, env);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => (text[name] += part));
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const lines = text.stdout.split('\n');
  if (code === 0) return { lines, failure: undefined };
  const reason = isLate() ? `not done after ${timeoutMs / 1000} s` : endOf(code, signal, text.stderr);
  return { lines, failure: { code: code ?? undefined, reason } };
}

/** Whoever ends by itself says why, mostly last. */
function endOf(code: number | null, signal: string | null, stderr: string): string {
  const lines = stderr.trim().split('\n');
  const said = lines.findLast((line) => /^(internal )?error/.test(line)) ?? lines.at(-1) ?? '';
  if (said !== '') return said.replace(/^error: /, '');
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** Lines of stdout as they come, until it ends or is disposed of. */
export function startLines(
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Disposable & { lines: AsyncIterator<string> } {
  const { child, pid } = start(program, args, timeoutMs);
  child.stderr.resume();
  return { lines: createInterface(child.stdout)[Symbol.asyncIterator](), [Symbol.dispose]: () => kill(pid) };
}

/** Child processes of a benchmark: they end with it, and none else is touched. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<number>();

/** A group of its own for each child, so that what it has started ends with it. */
function killAll(): void {
  for (const pid of running) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
}
process.once('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

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
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  running.add(pid);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => (text[name] += part));
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    process.kill(-pid, 'SIGKILL');
  }, timeoutMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  running.delete(pid);
  const lines = text.stdout.split('\n');
  if (code === 0) return { lines, failure: undefined };
  const reason = late ? `not done after ${timeoutMs / 1000} s` : endOf(code, signal, text.stderr);
  return { lines, failure: { code: code ?? undefined, reason } };
}

/** Whoever ends by itself says why, mostly last. */
function endOf(code: number | null, signal: string | null, stderr: string): string {
  const lines = stderr.trim().split('\n');
  const said = lines.findLast((line) => /^(internal )?error/.test(line)) ?? lines.at(-1) ?? '';
  if (said !== '') return said.replace(/^error: /, '');
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

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

/** Lines of stdout; none when the time ran out. */
export async function runLines(program: string, args: readonly string[], timeoutMs: number): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  running.add(pid);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), timeoutMs);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  running.delete(pid);
  return code === 0 ? output.split('\n') : [];
}

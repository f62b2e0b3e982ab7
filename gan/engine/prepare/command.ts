/** Runs a program to its end, without a shell. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface CommandResult {
  code: number;
  /** stdout and stderr, as they came. */
  output: string;
}

export interface CommandOptions {
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
}

const NOT_FOUND = 127;

/**
 * A program that does not exist gives code 127, as in a shell. Aborting kills the program and what it has started
 * (g++ is but a driver), and throws only once they are gone, so that their folder can be deleted.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { env, signal }: CommandOptions,
): Promise<CommandResult> {
  signal?.throwIfAborted();
  // Who gives a signal handles Ctrl-C itself; without one the child stays in the terminal's group and gets it too.
  const child = spawn(program, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: signal !== undefined,
    windowsHide: true,
  });
  const kill = () => killGroup(child);
  signal?.addEventListener('abort', kill, { once: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('close', (status) => resolve(status ?? 1));
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') resolve(NOT_FOUND);
        else reject(error);
      });
    });
    signal?.throwIfAborted();
    return { code, output: code === NOT_FOUND && output === '' ? `${program}: not found` : output };
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

/** What a program said last: the line that names the fault, for pip, Python and the linker alike. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // already gone
  }
}

/** Runs a program to its end, without a shell. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

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

/** A program that does not exist gives code 127, as in a shell. */
export async function runProgram(program: string, args: readonly string[], { env, signal }: CommandOptions): Promise<CommandResult> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? 1, output };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { code: NOT_FOUND, output: `${program}: not found` };
    throw error;
  }
}

/** How a command ends: its error as one sentence on stderr, and an exit code that scripts can trust. */
import { CommanderError } from 'commander';
import { DuetError } from '../errors.js';

/** 0 done, 1 failed, 2 wrong usage, 130 stopped by the user. */
export type ExitCode = 0 | 1 | 2 | 130;

/** Runs `action`, prints what goes wrong, and leaves the process with the right exit code. */
export async function runCommand(action: () => Promise<ExitCode | undefined>): Promise<never> {
  outliveReaders();
  let code: number;
  try {
    code = (await action()) ?? 0;
  } catch (error) {
    code = report(error);
  }
  // Pipes are written asynchronously; exiting before they are empty would cut the last lines off.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  process.exit(code);
}

/**
 * Whoever reads along may go at any time: `| head`, and at Ctrl-C a `| tee`, which hears it too and is quicker. The work,
 * and its clean stop, must not end with them.
 */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('stopped\n');
    return 130;
  }
  if (error instanceof DuetError) {
    process.stderr.write(`error: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`internal error, please report it: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}

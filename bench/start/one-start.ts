/** One start of the preset with three workers, to its first committed step. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuetError } from '../../common/errors.js';
import { runToEnd } from '../processes.js';
import { firstCommit } from './stages.js';

const TIMEOUT_MS = 120_000;

export interface Start {
  /** The run's directory; gone once `read` has returned. */
  out: string;
  /** The clock when the command was started, and when its first step was committed. */
  began: number;
  committed: number;
}

/**
 * @param command a program and what stands before `start`
 * @param env of the program, from an empty folder of its own; absent: as this process's
 * @throws DuetError when it fails
 */
export async function oneStart<T>(
  [program, ...before]: readonly [string, ...string[]],
  read: (start: Start) => T,
  env: (folder: string) => NodeJS.ProcessEnv = () => process.env,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'duet-bench-start-'));
  const out = join(folder, 'run');
  const args = [...before, 'start', '--workers', '3', '--steps', '1', '--port', '0', '--out', out];
  const own = env(join(folder, 'machine'));
  const over = new AbortController();
  try {
    const began = Date.now();
    const first = firstCommit(out, over.signal);
    const { failure } = await runToEnd(program, args, TIMEOUT_MS, own);
    over.abort();
    if (failure !== undefined)
      throw new DuetError(`the start failed (${failure.reason}): try ${program} ${args.join(' ')}`);
    return read({ out, began, committed: await first });
  } finally {
    over.abort();
    rmSync(folder, { recursive: true, force: true });
  }
}

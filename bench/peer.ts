/** The peer: PyTorch, in a virtual environment of its own in the user's cache. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuetError, UsageError } from '../common/errors.js';
import { cacheFolder } from '../gan/engine/prepare/prepared.js';
import { runLines } from './processes.js';

/** dist/bench/ lies two levels below the package's root. */
const PEERS = fileURLToPath(new URL('../../bench/peers/', import.meta.url));
const VENV = join(cacheFolder(process.env), 'bench', 'venv');
const PYTHON = join(VENV, 'bin', 'python');
/** gloo with two threads a process on two cores crawls; it is given up, not waited for. */
const TIMEOUT_MS = 120_000;

export function setUpPeer(): void {
  if (hasPeer()) {
    process.stdout.write(`PyTorch is installed in ${VENV}\n`);
    return;
  }
  process.stdout.write(`installing PyTorch into ${VENV} (a minute, 5 GB)\n`);
  for (const args of [
    ['-m', 'venv', VENV],
    ['-m', 'pip', 'install', '--quiet', '--requirement', join(PEERS, 'requirements.txt')],
  ]) {
    const program = args[1] === 'venv' ? 'python3' : PYTHON;
    const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
    if (error !== undefined)
      throw new UsageError(
        `${program} cannot be run: install Python 3 with its venv module (apt-get install python3-venv)`,
      );
    if (status !== 0) throw new DuetError(`'${program} ${args.join(' ')}' failed with exit code ${status}`);
  }
  process.stdout.write(`PyTorch is installed in ${VENV}\n`);
}

function hasPeer(): boolean {
  return existsSync(PYTHON) && spawnSync(PYTHON, ['-c', 'import torch, numpy']).status === 0;
}

/** @throws UsageError when `setup` was not run */
export function assertPeer(): void {
  if (!hasPeer()) throw new UsageError('PyTorch is not installed for the benchmark: run npm run bench -- setup first');
}

/** Median milliseconds of a step of torch_gan.py; undefined when it did not end in time. */
export async function torchStep(
  kind: 'one' | 'gloo',
  threads: number,
  steps: number,
  port: number,
): Promise<number | undefined> {
  const args = [kind, '--threads', threads, '--steps', steps, '--port', port].map(String);
  const lines = await runLines(PYTHON, [join(PEERS, 'torch_gan.py'), ...args], TIMEOUT_MS);
  const result = lines.find((line) => line.startsWith('{'));
  return result === undefined ? undefined : (JSON.parse(result) as { median_ms: number }).median_ms;
}

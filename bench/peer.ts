/** The peer: PyTorch, in a virtual environment of its own in the user's cache. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuetError, UsageError } from '../common/errors.js';
import { cacheFolder } from '../gan/engine/prepare/prepared.js';
import { runToEnd } from './processes.js';

/** dist/bench/ lies two levels below the package's root. */
const PEERS = fileURLToPath(new URL('../../bench/peers/', import.meta.url));
const VENV = join(cacheFolder(process.env), 'bench', 'venv');
const PYTHON = join(VENV, 'bin', 'python');
/** gloo with two threads a process on two cores crawls; it is given up, not waited for. */
const TIMEOUT_MS = 120_000;
const TEXT = { encoding: 'utf8' } as const;

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

/** @throws UsageError when its PyTorch can use no card */
export function assertPeerCard(): void {
  const { status, stdout } = spawnSync(PYTHON, ['-c', 'import torch; print(torch.cuda.is_available())'], TEXT);
  if (status === 0 && stdout.trim() === 'True') return;
  throw new UsageError(
    `--device cuda was asked for, but the PyTorch in ${VENV} finds no usable card: update the NVIDIA driver, delete the folder and run npm run bench -- setup, or use --device cpu`,
  );
}

/** Median milliseconds of a step of torch_gan.py; undefined when it did not end in time. */
export async function torchStep(
  kind: 'one' | 'gloo',
  threads: number,
  steps: number,
  port: number,
  more: readonly string[] = [],
): Promise<number | undefined> {
  const flags = ['--steps', String(steps), '--port', String(port), ...more];
  const measured = await torchMeasurement(kind, threads, flags);
  return 'ms' in measured ? measured.ms : undefined;
}

/**
 * Median milliseconds of a step of torch_gan.py, or why there are none.
 *
 * @param flags of torch_gan.py
 */
export async function torchMeasurement(
  kind: 'one' | 'gloo',
  threads: number,
  flags: readonly string[],
): Promise<{ ms: number } | { failed: string }> {
  const args = [join(PEERS, 'torch_gan.py'), kind, '--threads', String(threads), ...flags];
  const { lines, failure } = await runToEnd(PYTHON, args, TIMEOUT_MS);
  if (failure !== undefined) return { failed: failure.reason };
  const result = lines.find((line) => line.startsWith('{'));
  if (result === undefined) return { failed: 'torch_gan.py printed no result' };
  return { ms: (JSON.parse(result) as { median_ms: number }).median_ms };
}

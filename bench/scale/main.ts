/** `bench scale`: the coordinator with 2 to 128 workers whose computing is a wait. Aim: under 0.2 ms of its time a worker and step. */
import { resolve } from 'node:path';
import { UsageError } from '../../common/errors.js';
import { type SizeFigures, measureSize } from './measure.js';
import { report } from './report.js';
import { stagesOf } from './stages.js';

const [LEAST, MOST] = [2, 128];
const LONGEST_COMPUTE_MS = 10_000;

interface ScaleOptions {
  workers: string;
  compute: string;
  steps: string;
  /** Folder for a CPU profile of each coordinator (node --cpu-prof); it makes the coordinator slower. */
  profile?: string;
}

export async function measureScale({ workers, compute, steps, profile }: ScaleOptions): Promise<void> {
  const sizes = sizesOf(workers);
  const computeMs = wholeNumber('--compute', compute, 1, LONGEST_COMPUTE_MS);
  const count = wholeNumber('--steps', steps, 10, 1_000_000);
  const measured: SizeFigures[] = [];
  for (const size of sizes) {
    process.stderr.write(`${size} workers\n`);
    const flags =
      profile === undefined
        ? []
        : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`, `--cpu-prof-name=${size}.cpuprofile`];
    measured.push(await measureSize(size, stagesOf(count, computeMs), flags));
  }
  process.stdout.write(`\n${report(measured, computeMs, count)}`);
}

/** @throws UsageError for what is no list of numbers of workers that a run can have */
export function sizesOf(text: string): number[] {
  const sizes = text.split(',').map((part) => wholeNumber('--workers', part.trim(), 1, MOST));
  if (sizes.includes(1))
    throw new UsageError(
      `--workers ${text}: no run has 1 worker, a discriminator needs a generator; the smallest number is ${LEAST}`,
    );
  return [...new Set(sizes)].sort((a, b) => a - b);
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`${flag} takes whole numbers from ${least} to ${most}, not '${text}'`);
  return value;
}

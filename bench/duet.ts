/** Duet's own step: as three workers through the command line, and in one process with the same classes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuetError } from '../common/errors.js';
import type { StepMetrics } from '../coordinator/run/journal/journal.js';
import { chainMs } from '../coordinator/run/journal/step-chain.js';
import { COORDINATOR } from '../tests/support/runs/run.js';
import type { BenchDevice } from './device.js';
import { runLines, runToEnd } from './processes.js';
import { median } from './statistics.js';

const ONE_PROCESS = fileURLToPath(new URL('./one-process-main.js', import.meta.url));
export const WARM_UP = 5;
const TIMEOUT_MS = 300_000;
/** No pictures or checkpoints but the last: the peer has none either. */
const SILENT = ['--sample-every', '1000000', '--checkpoint-every', '1000000'];
/** The one that is measured beside its peers, or none at all; flags may say otherwise. */
const NATIVE = ['--engine', 'tensorflow'];

/** Goes on while a run does, and ends with the signal. */
type Beside = (out: string, over: AbortSignal) => Promise<void>;

/** Every step of a run of the preset with three workers, after the warm-up. */
export async function threeWorkers(
  steps: number,
  beside?: Beside,
  more: readonly string[] = [],
): Promise<StepMetrics[]> {
  return await trainingRun({ steps, flags: ['--workers', '3', ...more], beside });
}

export interface TrainingRun {
  /** After the warm-up. */
  steps: number;
  warmUp?: number;
  /** Of `coordinator start`. */
  flags: readonly string[];
  beside?: Beside | undefined;
  /** Of the coordinator and its workers. */
  env?: NodeJS.ProcessEnv | undefined;
}

/** Every step of a run through the command line, after the warm-up. @throws DuetError when it fails, with its reason */
export async function trainingRun({
  steps,
  warmUp = WARM_UP,
  flags,
  beside,
  env,
}: TrainingRun): Promise<StepMetrics[]> {
  const folder = mkdtempSync(join(tmpdir(), 'duet-bench-'));
  const out = join(folder, 'run');
  const all = ['--steps', String(steps + warmUp), '--port', '0', '--out', out, ...SILENT, ...NATIVE, ...flags];
  const over = new AbortController();
  const company = beside?.(out, over.signal);
  try {
    const { failure } = await runToEnd(process.execPath, [COORDINATOR, 'start', ...all], TIMEOUT_MS, env);
    if (failure !== undefined)
      throw new DuetError(`the run failed (${failure.reason}): try npx coordinator start ${flags.join(' ')}`);
    const metrics = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n');
    return metrics.map((line) => JSON.parse(line) as StepMetrics).slice(warmUp);
  } finally {
    over.abort();
    await company;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Median milliseconds of a step with D, G1 and G2 in one process: of the native engine on a device, or of wasm. */
export async function oneProcess(threads: number, steps: number, on: BenchDevice | 'wasm' = 'cpu'): Promise<number> {
  const lines = await runLines(process.execPath, [ONE_PROCESS, String(threads), String(steps), on], TIMEOUT_MS);
  return Number(lines[0]);
}

/** What a step costs besides computing: from its milliseconds, less the longest chain of compute. */
export function overhead(metrics: StepMetrics): { ms: number; share: number } {
  const ms = metrics.ms - chainMs(metrics);
  return { ms, share: ms / metrics.ms };
}

/** What the discriminator's own work takes of a step: all of its phases but the waits. */
export function discriminatorMs({ phases }: Pick<StepMetrics, 'phases'>): number {
  const own = Object.entries(phases['discriminator'] ?? {}).filter(([phase]) => !phase.startsWith('wait-'));
  return own.reduce((sum, [, ms]) => sum + ms, 0);
}

export function medianMs(metrics: readonly StepMetrics[]): number {
  return median(metrics.map(({ ms }) => ms));
}

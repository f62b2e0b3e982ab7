/** How many runs train at once. */
import type { PlannedRun } from '../plan.js';
import { isSmall } from '../plan.js';

export interface Machine {
  cores: number;
  /** Bytes of memory. */
  memory: number;
}

/** A process with the engine loaded and a small network, and some air. Measured: 0.25 to 0.35 GB. */
const PROCESS_BYTES = 0.5e9;

/** What the runs in progress may add up to. */
export interface Capacity {
  total: number;
  /** What a run counts for. */
  costOf(run: PlannedRun): number;
}

/**
 * auto: one run on points for a core, one run on images for two cores, and never more processes than memory for them.
 * (The discriminator of a run waits for its generators and they for it, so a run on points hardly fills one core.)
 * @param asked a number: so many runs, whatever they are
 */
export function capacityOf(asked: 'auto' | number, runs: readonly PlannedRun[], machine: Machine): Capacity {
  if (asked !== 'auto') return { total: asked, costOf: () => 1 };
  // The discriminator, the generators, and what evaluates them while they train.
  const processes = 2 + Math.max(1, ...runs.map(({ training }) => training.generators));
  const held = Math.max(1, Math.floor(machine.memory / (PROCESS_BYTES * processes)));
  const total = Math.min(machine.cores, held);
  return { total, costOf: (run) => Math.min(total, isSmall(run) ? 1 : 2) };
}

/**
 * Runs `work` on the items in order, as many at once as fit; after `stop` no more are begun.
 * Work that fails stops the rest: `work` gets a signal for both.
 */
export async function inParallel(
  runs: readonly PlannedRun[],
  { total, costOf }: Capacity,
  stop: AbortSignal,
  work: (run: PlannedRun, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const active = new Set<Promise<void>>();
  const failed = new AbortController();
  const either = AbortSignal.any([stop, failed.signal]);
  const errors: unknown[] = [];
  let used = 0;
  for (const run of runs) {
    const cost = costOf(run);
    while (used > 0 && used + cost > total) await Promise.race(active);
    if (either.aborted) break;
    used += cost;
    const task: Promise<void> = work(run, either)
      .catch((error: unknown) => {
        errors.push(error);
        failed.abort();
      })
      .finally(() => {
        used -= cost;
        active.delete(task);
      });
    active.add(task);
  }
  await Promise.all(active);
  if (errors.length > 0) throw errors[0];
}

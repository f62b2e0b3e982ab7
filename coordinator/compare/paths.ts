/** Where things lie below OUT. Beside every run's folder: what it was asked, what it printed, and how it failed. */
import { join } from 'node:path';
import type { PlannedRun } from './plan.js';

export interface RunPaths {
  /** The run directory. */
  folder: string;
  /** The keys for `coordinator start --config` (JSON, which is YAML). */
  config: string;
  /** What its processes printed. */
  log: string;
  /** Why it died; absent while it has not. */
  failure: string;
  /** The process that works on it. */
  process: string;
  /** The run in a page: made last, so a run with a result is finished and evaluated. */
  result: string;
}

export function runPaths(out: string, { name }: Pick<PlannedRun, 'name'>): RunPaths {
  const folder = join(out, 'runs', name);
  return {
    folder,
    config: `${folder}.config.json`,
    log: `${folder}.log`,
    failure: `${folder}.failure.json`,
    process: `${folder}.process.json`,
    result: join(folder, 'result.json'),
  };
}

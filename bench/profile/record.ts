/** A run of the real thing, profiled: every process and thread of it is recorded. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepMetrics } from '../../coordinator/run/journal/journal.js';
import { type TrainingRun, trainingRun } from '../duet.js';
import { FOLDER_VARIABLE, type ThreadRecords, readRecords } from './records.js';

export interface Recording {
  /** After the warm-up. */
  metrics: StepMetrics[];
  /** Of the whole run. */
  threads: ThreadRecords[];
}

export async function recordRun(options: TrainingRun): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), 'duet-profile-'));
  try {
    const recorder = new URL('./recorder.js', import.meta.url).href;
    const inherited = process.env['NODE_OPTIONS'] ?? '';
    const NODE_OPTIONS = `${inherited} --import=${recorder}`.trim();
    const env = { ...process.env, NODE_OPTIONS, [FOLDER_VARIABLE]: folder };
    const metrics = await trainingRun({ ...options, env });
    return { metrics, threads: readRecords(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run as its directory tells it, and its coordinator where that can be asked. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readRecord } from '../run/config/record.js';
import type { RunDirectory } from '../run/directory.js';
import type { RunStatus } from '../run/status.js';
import { newestLease, renewedAt } from '../store/file/lease-file.js';
import { livesHere } from '../store/owner.js';
import { parsedLine } from './journal-tail.js';
import type { LiveView, RunState, RunView } from './run-view.js';

/** Steps whose median is the run's speed: one that waited for a recovery does not count. */
const WINDOW = 50;
/** More than WINDOW lines of a run of three networks; of one of a hundred, a few. */
const TAIL_BYTES = 96 << 10;
/** A coordinator touches its lease every 2 s; for those that cannot be looked up. */
const SILENCE_MS = 60_000;

/**
 * Reads the small files and the end of metrics.jsonl: a millisecond, whatever the run's length.
 *
 * @param live what the run's coordinator says, if it can be asked
 * @throws UsageError when config.json is missing or damaged
 */
export function viewOf(directory: RunDirectory, live?: LiveView): RunView {
  const { training, created, epoch, rollbacks } = readRecord(directory);
  const status = readStatus(directory);
  const isOver = status.state === 'finished' || status.state === 'stopped' || status.state === 'failed';
  const driven = !isOver && (live !== undefined || isDriven(directory.path));
  const told = isOver ? undefined : live;
  const newest = newestSteps(directory);
  const step = told?.step ?? newest.step ?? status.step;
  const stepMs = median(newest.ms);
  return {
    id: directory.id,
    ...(driven
      ? { state: told?.state ?? assumedState(status), reason: told?.reason ?? '' }
      : ending(directory, status)),
    system: training.system,
    data: training.data,
    generators: training.generators,
    batch: training.batch,
    seed: training.seed,
    step,
    steps: training.steps,
    epoch: told?.epoch ?? epoch,
    branch: rollbacks.length,
    created,
    stepMs,
    secondsLeft: driven ? Math.max(0, ((training.steps - step) * stepMs) / 1000) : 0,
    live: driven,
    address: driven ? status.address : '',
    page: driven ? (status.page ?? '') : '',
    metrics: driven ? (status.metrics ?? '') : '',
    sinceCommitMs: told?.sinceCommitMs ?? 0,
    workers: told?.workers ?? [],
  };
}

/** What run.json says; a run that has not written it yet is starting. */
export function readStatus(directory: RunDirectory): RunStatus {
  const starting: RunStatus = { id: directory.id, state: 'starting', pid: 0, address: '', step: 0 };
  try {
    return { ...starting, ...(directory.readJson('run.json') as Partial<RunStatus>) };
  } catch {
    return starting;
  }
}

/** Whether a coordinator is at work on the run, as far as can be told without waiting. @param folder the run directory */
export function isDriven(folder: string): boolean {
  try {
    const lease = newestLease(folder);
    if (lease === undefined || lease.record?.released !== undefined) return false;
    const { record, path } = lease;
    const known = record === undefined ? undefined : livesHere(record);
    return known ?? Date.now() - (renewedAt(path) ?? 0) < SILENCE_MS;
  } catch {
    return false;
  }
}

/** Of a run that somebody drives and that cannot be asked. */
function assumedState({ state }: RunStatus): RunState {
  return state === 'running' ? 'training' : 'starting';
}

function ending(directory: RunDirectory, { state, reason = '' }: RunStatus): Pick<RunView, 'state' | 'reason'> {
  if (state === 'finished' || state === 'stopped' || state === 'failed') return { state, reason };
  const goOn = `go on with --resume ${directory.path}`;
  return { state: 'failed', reason: `its coordinator is gone, and has not said how the run ended: ${goOn}` };
}

/** The newest committed step, and milliseconds of the newest ones. */
function newestSteps(directory: RunDirectory): { step: number | undefined; ms: number[] } {
  const ms: number[] = [];
  let step: number | undefined;
  for (const line of lastLines(directory.file('metrics.jsonl')).slice(-WINDOW)) {
    const metrics = parsedLine(line);
    if (!Number.isSafeInteger(metrics?.['step'])) continue;
    step = metrics?.['step'] as number;
    if (typeof metrics?.['ms'] === 'number') ms.push(metrics['ms']);
  }
  return { step, ms };
}

/** Whole lines at the end of a file; none of one that is not there. */
export function lastLines(path: string): string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const bytes = readSync(file, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString('utf8', 0, bytes).split('\n').slice(0, -1);
    return buffer.length < size ? lines.slice(1) : lines;
  } finally {
    closeSync(file);
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

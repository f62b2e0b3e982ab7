/** A run as `coordinator status` shows it: lines for a person. */
import { bytesText, counted, millisecondsText, qualityText } from '../../run/journal/event-text.js';
import type { StepMetrics } from '../../run/journal/journal.js';
import type { Quality } from '../../run/journal/quality.js';
import type { RunView, WorkerView } from '../../view/run-view.js';
import { duration } from '../start/progress.js';

/** A run at one moment. */
export interface Look {
  view: RunView;
  /** Of the run directory, as the user may type it. */
  path: string;
  /** Of the newest committed step. */
  metrics: StepMetrics | undefined;
  quality: Quality | undefined;
  /** Oldest first. */
  events: readonly EventLine[];
  /** Where this does not come from its coordinator, though somebody drives it, or should: a sentence; else empty. */
  note: string;
}

export interface EventLine {
  /** ISO 8601. */
  time: string;
  text: string;
}

/** @param now milliseconds since 1970 */
export function statusLines(look: Look, now: number): string[] {
  const { view, path, metrics, quality, events, note } = look;
  const { system, data, generators, batch, seed, page, metrics: scraped } = view;
  const rows: [string, string][] = [
    ['run', `${view.id} (${path})`],
    ['trains', `${system} on ${data}, ${counted(generators, 'generator')}, batch ${batch}, seed ${seed}`],
    // Why nobody drives it is in the note.
    ['state', stateText(view.live || note === '' ? view : { ...view, reason: '' })],
    ['step', stepText(view)],
    ...(metrics === undefined ? [] : resultRows(metrics)),
    ...(quality === undefined
      ? []
      : [['quality', `${qualityText(quality)} (step ${quality.step})`] as [string, string]]),
    ...(page === '' ? [] : [['page', page] as [string, string]]),
    ...(scraped === '' ? [] : [['metrics', scraped] as [string, string]]),
    ...(note === '' ? [] : [['note', note] as [string, string]]),
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(9)}${value}`);
  if (view.workers.length > 0) lines.push('', ...workerTable(view.workers));
  if (events.length > 0) lines.push('', ...eventLines(events, now));
  return lines;
}

/** One line, for a log: training, step 420 of 3000 (14 %), 7.1 steps/s, 6m03s left */
export function statusLine({ view }: Look): string {
  return `${stateText(view)}, step ${stepText(view)}`;
}

function stateText({ state, reason, epoch, branch }: RunView): string {
  const path = branch === 0 ? '' : `, gone back to its best checkpoint ${counted(branch, 'time')}`;
  // What it waits for says that it waits.
  const what = reason === '' ? state : reason.startsWith(state) ? reason : `${state} (${reason})`;
  return `${what}, epoch ${epoch}${path}`;
}

function stepText({ step, steps, stepMs, secondsLeft, live, sinceCommitMs }: RunView): string {
  const percent = steps === 0 ? 0 : Math.floor((100 * step) / steps);
  const speed = stepMs === 0 ? '' : `, ${(1000 / stepMs).toFixed(1)} steps/s`;
  const left = live && stepMs > 0 ? `, ${duration(secondsLeft)} left` : '';
  const last = live && sinceCommitMs > 0 ? `, the last one ${agoText(sinceCommitMs)}` : '';
  return `${step} of ${steps} (${percent} %)${speed}${left}${last}`;
}

function resultRows({
  discriminatorLoss,
  generatorLosses,
  averageGeneratorLoss,
  verdicts,
}: StepMetrics): [string, string][] {
  const all = Object.values(verdicts).reduce((sum, count) => sum + count, 0);
  const shares = Object.entries(verdicts).map(([name, count]) => `${name} ${Math.round((100 * count) / all)} %`);
  const losses = generatorLosses.map((loss) => lossText(loss)).join(' ');
  return [
    ['losses', `D ${lossText(discriminatorLoss)}, G ${losses}, averaged ${lossText(averageGeneratorLoss)}`],
    ...(all === 0 ? [] : [['judged', `most real: ${shares.join(', ')}`] as [string, string]]),
  ];
}

/** One that was not finite is null in JSON. */
function lossText(loss: number | null): string {
  return loss === null ? '-' : loss.toFixed(3);
}

function workerTable(workers: readonly WorkerView[]): string[] {
  const head = ['role', 'state', 'device', 'phase', 'for', 'heard of', 'memory', 'worker'];
  const rows = workers.map(({ role, state, worker, device, phase, phaseMs, heartbeatMs, residentBytes }) => {
    const there = worker !== '';
    return [
      role === '' ? 'spare' : role,
      state,
      device || '-',
      (there && phase) || '-',
      there ? millisecondsText(phaseMs) : '-',
      there ? agoText(heartbeatMs) : '-',
      residentBytes > 0 ? bytesText(residentBytes) : '-',
      worker || '-',
    ];
  });
  return aligned([head, ...rows]);
}

function eventLines(events: readonly EventLine[], now: number): string[] {
  const rows = events.map(({ time, text }) => {
    const at = Date.parse(time);
    return [Number.isNaN(at) ? '' : agoText(Math.max(0, now - at)), text];
  });
  return aligned(rows);
}

/** All columns to the left. */
function aligned(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function agoText(milliseconds: number): string {
  return `${milliseconds < 60_000 ? millisecondsText(milliseconds) : duration(milliseconds / 1000)} ago`;
}

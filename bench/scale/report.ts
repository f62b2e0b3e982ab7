/** What the sizes come to: a table, and where it bends. */
import { table } from '../statistics.js';
import type { SizeFigures } from './measure.js';

/** Aim: the coordinator's processor time for a worker and a step. */
const AIM_MS = 0.2;
/** A step whose computing is less than this share of it has left the ideal. */
const NEAR_IDEAL = 0.9;

type Column = [title: string, cell: (size: SizeFigures) => string];

const COLUMNS: readonly Column[] = [
  ['workers', ({ workers }) => String(workers)],
  ['ms/step', ({ paced }) => paced.coordinatorMs.toFixed(2)],
  ['us/worker', (size) => (1000 * msPerWorker(size)).toFixed(0)],
  ['commit', ({ paced }) => paced.latencyMs.median.toFixed(2)],
  ['99 %', ({ paced }) => paced.latencyMs.p99.toFixed(2)],
  ['steps/s', ({ paced }) => (1000 / paced.stepMs).toFixed(1)],
  ['of ideal', (size) => `${(100 * shareOfIdeal(size)).toFixed(0)} %`],
  ['at 0 ms: us/worker', ({ fast, workers }) => ((1000 * fast.coordinatorMs) / workers).toFixed(0)],
  ['steps/s', ({ fast }) => (1000 / fast.stepMs).toFixed(0)],
  ['B in', ({ paced, workers }) => (paced.bytesToCoordinator / workers).toFixed(0)],
  ['B out', ({ paced, workers }) => (paced.bytesFromCoordinator / workers).toFixed(0)],
  ['idle', ({ idleMsPerSecond }) => idleMsPerSecond.toFixed(1)],
  ['MiB', ({ residentBytes }) => (residentBytes / 2 ** 20).toFixed(0)],
  ['simulated', ({ paced }) => paced.simulatedMs.toFixed(2)],
];

export function report(sizes: readonly SizeFigures[], computeMs: number, steps: number): string {
  const rows = sizes.map((size) => COLUMNS.map(([, cell]) => cell(size)));
  return `The coordinator by the number of workers; computing is a wait of ${computeMs} ms; ${steps} steps each

${table(
  COLUMNS.map(([title]) => title),
  rows,
)}

ms/step, us/worker  the coordinator's own processor time, a step and a worker and step, heartbeats included
commit, 99 %        ms from the last vote, as it is handed to gRPC, to the commit at the last worker: median, 99th percentile
steps/s, of ideal   by the median of a step; the computing's share of it
at 0 ms             the same, and the pace, where computing takes no time
B in, B out         bytes a worker and step on the socket, to the coordinator and from it
idle                ms of the coordinator's processor time a second while nobody votes
simulated           ms of processor time a step of the process that plays all workers, on the same machine

${whereItBends(sizes, computeMs)}
`;
}

/** The coordinator's processor time a worker and step, milliseconds. */
export function msPerWorker({ workers, paced }: SizeFigures): number {
  return paced.coordinatorMs / workers;
}

/** 1: a step takes as long as its computing. */
export function shareOfIdeal({ paced }: SizeFigures): number {
  return paced.computeMs / paced.stepMs;
}

/** In a sentence or two. @param sizes in ascending order, at least one */
export function whereItBends(sizes: readonly SizeFigures[], computeMs: number): string {
  const [first, last] = [sizes[0], sizes.at(-1)] as [SizeFigures, SizeFigures];
  const bent = sizes.find((size) => shareOfIdeal(size) < NEAR_IDEAL);
  return `${bent === undefined ? `It does not bend up to ${last.workers} workers` : bend(bent, computeMs)}${cost(first, last)}. ${aim(sizes)}`;
}

function bend({ workers, paced }: SizeFigures, computeMs: number): string {
  const { stepMs, coordinatorMs, latencyMs } = paced;
  return `It bends at ${workers} workers, where a step of ${computeMs} ms of computing takes ${stepMs.toFixed(1)} ms: the commit comes ${latencyMs.median.toFixed(1)} ms after the last vote, and the coordinator's one thread works ${coordinatorMs.toFixed(1)} ms`;
}

/** By the smallest and the largest size. */
function cost(first: SizeFigures, last: SizeFigures): string {
  if (first === last) return '';
  const perWorker = (last.paced.coordinatorMs - first.paced.coordinatorMs) / (last.workers - first.workers);
  const fixed = first.paced.coordinatorMs - perWorker * first.workers;
  return `; a step costs it ${fixed.toFixed(2)} ms and ${perWorker.toFixed(3)} ms more a worker`;
}

function aim(sizes: readonly SizeFigures[]): string {
  const missed = sizes.filter((size) => msPerWorker(size) > AIM_MS).map(({ workers }) => workers);
  const kept = sizes.filter((size) => msPerWorker(size) <= AIM_MS).map(({ workers }) => workers);
  const name = `the aim of ${AIM_MS} ms a worker and step`;
  if (missed.length === 0) return `Kept is ${name}.`;
  if (kept.length === 0) return `Missed is ${name}.`;
  return `Kept is ${name} with ${kept.join(', ')} workers, missed with ${missed.join(', ')}.`;
}

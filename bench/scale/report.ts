/** What the sizes come to: a table, and where it bends. */
import { table } from '../statistics.js';
import type { SizeFigures } from './measure.js';

/** Aim: the coordinator's processor time for a worker and a step. */
const AIM_MS = 0.2;
/** A step that takes longer than this many times its computing has left the ideal. */
const NEAR_IDEAL = 1 / 0.9;

const HEADER = [
  'workers',
  'ms a step',
  'us a worker',
  'commit ms',
  '99 %',
  'steps/s',
  'steps/s, paced',
  'of ideal',
  'B a worker in',
  'out',
  'idle ms/s',
  'MiB',
  'simulated ms',
];

export function report(sizes: readonly SizeFigures[], computeMs: number, steps: number): string {
  const rows = sizes.map(({ workers, fast, paced, idleMsPerSecond, residentBytes }) => [
    String(workers),
    paced.coordinatorMs.toFixed(2),
    (1000 * msPerWorker({ workers, paced })).toFixed(0),
    paced.latencyMs.median.toFixed(2),
    paced.latencyMs.p99.toFixed(2),
    (1000 / fast.stepMs).toFixed(0),
    (1000 / paced.stepMs).toFixed(1),
    `${((100 * paced.computeMs) / paced.stepMs).toFixed(0)} %`,
    (paced.bytesToCoordinator / workers).toFixed(0),
    (paced.bytesFromCoordinator / workers).toFixed(0),
    idleMsPerSecond.toFixed(1),
    (residentBytes / 2 ** 20).toFixed(0),
    paced.simulatedMs.toFixed(2),
  ]);
  return `The coordinator by the number of workers; computing is a wait of ${computeMs} ms; means of ${steps} steps

${table(HEADER, rows)}

ms a step, us a worker: the coordinator's own processor time, heartbeats included. commit: from the last vote, handed to gRPC, to the
commit at the last worker, median and 99th percentile. steps/s: without any computing. of ideal: the computing's share of a step.
B a worker: bytes a worker and step on the socket, to and from the coordinator. idle: the coordinator's processor time while nobody votes.
simulated: processor time a step of the process that plays all workers, on the same machine.

${whereItBends(sizes, computeMs)}
`;
}

/** The coordinator's processor time a worker and step, milliseconds. */
export function msPerWorker({ workers, paced }: Pick<SizeFigures, 'workers' | 'paced'>): number {
  return paced.coordinatorMs / workers;
}

export function whereItBends(sizes: readonly SizeFigures[], computeMs: number): string {
  const worst = sizes.reduce((a, b) => (msPerWorker(a) > msPerWorker(b) ? a : b));
  const aim = `at most ${msPerWorker(worst).toFixed(3)} ms a worker and step (at ${worst.workers} workers; the aim is ${AIM_MS} ms${msPerWorker(worst) <= AIM_MS ? '' : ', missed'})`;
  const bent = sizes.find(({ paced }) => paced.stepMs > NEAR_IDEAL * paced.computeMs);
  const last = sizes.at(-1);
  if (bent === undefined) return `It does not bend up to ${last?.workers} workers: ${aim}.`;
  const { workers, paced } = bent;
  return `It bends at ${workers} workers: a step there takes ${paced.stepMs.toFixed(1)} ms for ${computeMs} ms of computing, of which the coordinator's single thread works ${paced.coordinatorMs.toFixed(1)} ms; ${aim}.`;
}

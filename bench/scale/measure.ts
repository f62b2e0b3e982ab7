/** One size: a coordinator, so many simulated workers, and what a step of theirs costs. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError } from '../../common/errors.js';
import type { StepMetrics } from '../../coordinator/run/journal/journal.js';
import { readJournal } from '../../tests/support/runs/run.js';
import { median, percentile } from '../statistics.js';
import { CoordinatorUnderTest } from './coordinator-under-test.js';
import { SimulatedWorker } from './simulated-worker.js';
import { SocketBytes } from './socket-bytes.js';
import type { Stage, Stages } from './stages.js';
import { StepClock } from './step-clock.js';

/** Of the idle step, its first and last part are left out. */
const EDGE_SHARE = 0.1;

/** Of the steps of one stage. */
export interface StageFigures {
  steps: number;
  /** Wall time of a step, its median: others may be at work on the machine. */
  stepMs: number;
  /** What the slowest of its workers computed, likewise: what a step would take without the rest. */
  computeMs: number;
  /** Means. Processor time of the coordinator, all threads; and of the process of the simulated workers. */
  coordinatorMs: number;
  simulatedMs: number;
  /** Of all workers together. */
  bytesToCoordinator: number;
  bytesFromCoordinator: number;
  /** From the last vote to the commit at the last worker. */
  latencyMs: { median: number; p99: number };
}

export interface SizeFigures {
  workers: number;
  /** In the run's journal: all of them. */
  committed: number;
  /** To the coordinator. */
  connections: number;
  fast: StageFigures;
  paced: StageFigures;
  /** Processor time of the coordinator a second, milliseconds, while nobody votes. */
  idleMsPerSecond: number;
  /** Of the coordinator, after the last measured step. */
  residentBytes: number;
}

interface Reading {
  coordinatorMs: number;
  simulatedMs: number;
  sent: number;
  received: number;
}

/**
 * @param nodeFlags of the coordinator's process
 * @throws DuetError when the run does not commit all steps
 */
export async function measureSize(
  workers: number,
  stages: Stages,
  nodeFlags: readonly string[] = [],
): Promise<SizeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'duet-bench-scale-'));
  await using coordinator = await CoordinatorUnderTest.start(folder, workers, stages.steps, nodeFlags);
  using bytes = new SocketBytes(Number(coordinator.address.split(':').at(-1)));
  const read = (): Reading => {
    const { user, system } = process.cpuUsage();
    const carried = bytes.total;
    return {
      coordinatorMs: coordinator.processorMs,
      simulatedMs: (user + system) / 1000,
      ...carried,
    };
  };
  /** After the step; the one before all says at once where the system does not tell. */
  const readings = new Map([[0, read()]]);
  const wanted = [stages.fast, stages.paced].flatMap(({ first, last }) => [first - 1, last]);
  let idle: Promise<number> = Promise.resolve(Number.NaN);
  let resident = Number.NaN;
  let connections = 0;
  const clock = new StepClock(workers, (step) => {
    if (wanted.includes(step)) readings.set(step, read());
    if (step === stages.idle - 1) idle = idleMsPerSecond(coordinator, stages.idleMs);
    if (step === stages.paced.last) {
      resident = coordinator.residentBytes;
      connections = bytes.connections;
    }
  });
  const simulated = Array.from(
    { length: workers },
    () =>
      new SimulatedWorker({
        coordinator: coordinator.address,
        token: coordinator.token,
        generators: workers - 1,
        computed: (step) => (stages.computeMs(step) === 0 ? undefined : sleep(stages.computeMs(step))),
        voting: (step, computeMs) => clock.voting(step, computeMs),
        committed: (step) => clock.committed(step),
      }),
  );
  await Promise.all([...simulated.map(({ over }) => over), coordinator.finished()]);
  const journal = readJournal<StepMetrics>(coordinator.run, 'metrics.jsonl');
  if (journal.length !== stages.steps || journal.some(({ step }, i) => step !== i + 1))
    throw new DuetError(`the run has ${journal.length} of ${stages.steps} steps in its journal`);
  const figures = (stage: Stage) => figuresOf(stage, clock, readings);
  return {
    workers,
    committed: journal.length,
    connections,
    fast: figures(stages.fast),
    paced: figures(stages.paced),
    idleMsPerSecond: await idle,
    residentBytes: resident,
  };
}

async function idleMsPerSecond(coordinator: CoordinatorUnderTest, idleMs: number): Promise<number> {
  await sleep(EDGE_SHARE * idleMs);
  const before = { at: performance.now(), ms: coordinator.processorMs };
  await sleep((1 - 2 * EDGE_SHARE) * idleMs);
  return ((coordinator.processorMs - before.ms) / (performance.now() - before.at)) * 1000;
}

function figuresOf({ first, last }: Stage, clock: StepClock, readings: ReadonlyMap<number, Reading>): StageFigures {
  const [before, after] = [first - 1, last].map((step) => readings.get(step)) as [Reading, Reading];
  const times = clock.between(first, last);
  const begun = [...clock.between(first - 1, first - 1), ...times];
  const aStep = (of: (reading: Reading) => number) => (of(after) - of(before)) / (last - first + 1);
  const latencies = times.map(({ lastVote, lastCommit }) => lastCommit - lastVote);
  return {
    steps: times.length,
    stepMs: median(times.map(({ lastCommit }, i) => lastCommit - (begun[i]?.lastCommit ?? Number.NaN))),
    computeMs: median(times.map(({ computeMs }) => computeMs)),
    coordinatorMs: aStep(({ coordinatorMs }) => coordinatorMs),
    simulatedMs: aStep(({ simulatedMs }) => simulatedMs),
    bytesToCoordinator: aStep(({ sent }) => sent),
    bytesFromCoordinator: aStep(({ received }) => received),
    latencyMs: { median: median(latencies), p99: percentile(latencies, 0.99) },
  };
}

/** A recorded run as what happened in it: phases of workers with their calls of the engine, words between them, steps. */
import type { EngineCall, MessageEdge } from '../../common/observation.js';
import { type Crossing, crossingsOf } from './crossings.js';
import type { ProfileRecord, ThreadRecords } from './records.js';

/** Milliseconds of the machine's clock. */
export interface Span {
  from: number;
  to: number;
}

/** How long both go on at once. */
export function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

export type Call = Span & EngineCall;

export interface Phase extends Span {
  name: string;
  calls: Call[];
  /** Milliseconds of it in which the thread was ready to run and had no processor; undefined: not known. */
  delay: number | undefined;
}

/** The compute thread of one role. */
export interface Worker {
  pid: number;
  role: string;
  /** One after the other, without gaps. */
  phases: Phase[];
}

/** From one commit to the next, as the coordinator sends them. */
export interface Step extends Span {
  step: number;
}

export interface ProfiledRun {
  coordinator: number;
  /** Discriminator first. */
  workers: Worker[];
  /** What went from one process to another. */
  crossings: Crossing[];
  /** In their order; only those of which everything was written down. */
  steps: Step[];
}

/** A worker's records, of both of its threads. */
export interface WorkerRecords {
  pid: number;
  role: string;
  compute: ProfileRecord[];
  network: ProfileRecord[];
}

export function profiledRun(threads: readonly ThreadRecords[]): ProfiledRun {
  const words = threads.find(({ records }) => records.some(({ what }) => what === 'word'));
  if (words === undefined) throw new Error('no coordinator was recorded');
  const workers = workerRecords(threads);
  const crossings = crossingsOf(words.records, workers);
  return {
    coordinator: words.pid,
    workers: workers.map(({ pid, role, compute }) => ({ pid, role, phases: phasesOf(compute) })),
    crossings,
    steps: stepsOf(words.records).filter(({ step }) => isWhole(step, crossings, workers.length)),
  };
}

function workerRecords(threads: readonly ThreadRecords[]): WorkerRecords[] {
  const of = (pid: number, thread: number) =>
    threads
      .filter((each) => each.pid === pid && (each.thread === 0) === (thread === 0))
      .flatMap((each) => each.records);
  return [...new Set(threads.map(({ pid }) => pid))]
    .flatMap((pid) => {
      const [compute, network] = [of(pid, 0), of(pid, 1)];
      const role = compute.findLast((record) => record.what === 'message' && record.role !== undefined);
      return role?.what === 'message' && role.role !== undefined ? [{ pid, role: role.role, compute, network }] : [];
    })
    .sort((a, b) => (a.role < b.role ? -1 : 1));
}

/** What a worker does between two steps, by its messages: it votes, waits for the commit, and commits. */
const BETWEEN = 'between-steps';

function phasesOf(records: readonly ProfileRecord[]): Phase[] {
  const phases: Phase[] = [];
  let delayBefore: number | undefined;
  let voted = false;
  const enter = (name: string, at: number, delay: number | undefined) => {
    const last = phases.at(-1);
    if (last !== undefined) {
      last.to = at;
      if (delay !== undefined && delayBefore !== undefined) last.delay = delay - delayBefore;
    }
    delayBefore = delay;
    phases.push({ name, from: at, to: at, calls: [], delay: undefined });
  };
  // A call is written down when it ends, with the time when it began.
  for (const record of records) {
    const now = phases.at(-1);
    if (record.what === 'phase') {
      // Between steps a worker votes, or it has voted and begun the next step ahead of the commit.
      const between = voted ? 'wait-commit' : 'vote';
      enter(record.phase === BETWEEN ? between : record.phase, record.at, record.delay);
    } else if (record.what === 'call') now?.calls.push(callOf(record));
    else if (record.what === 'message' && now?.name === 'vote' && isEdge(record, 'sent', 'vote')) {
      voted = true;
      enter('wait-commit', record.at, record.delay);
    } else if (record.what === 'message' && now?.name === 'wait-commit' && isEdge(record, 'taken', 'commit')) {
      voted = false;
      enter('commit', record.at, record.delay);
    }
  }
  // Nobody knows how long the last one went on.
  return phases.slice(0, -1);
}

function isEdge(edge: MessageEdge, which: MessageEdge['edge'], kind: string): boolean {
  return edge.edge === which && edge.kind === kind;
}

function callOf({ at, milliseconds, kind, name, shapes, bytes }: ProfileRecord & { what: 'call' }): Call {
  return { from: at, to: at + milliseconds, kind, name, shapes, bytes };
}

function stepsOf(words: readonly ProfileRecord[]): Step[] {
  const commits = words.flatMap((record) => (record.what === 'word' && record.word === 'commit-sent' ? [record] : []));
  return commits.slice(1).flatMap(({ at, step }, i) => {
    const before = commits[i];
    return before?.step === step - 1 ? [{ step, from: before.at, to: at }] : [];
  });
}

/** Both tensors of every generator, every role's vote, and the commit before. */
function isWhole(step: number, crossings: readonly Crossing[], workers: number): boolean {
  const count = (kind: Crossing['kind'], of: number) =>
    crossings.filter((crossing) => crossing.kind === kind && crossing.step === of).length;
  return (
    count('fakes', step) === workers - 1 &&
    count('judgement', step) === workers - 1 &&
    count('vote', step) === workers &&
    count('commit', step - 1) === workers
  );
}

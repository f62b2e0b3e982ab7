/**
 * The steps of a run in the Trace Event Format of Chrome (chrome://tracing, ui.perfetto.dev): a process for the coordinator
 * and for each role, threads of complete events, and arrows from whoever sends something to whoever takes it.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import { COORDINATOR, type Crossing } from './crossings.js';
import { type ProfiledRun, type Span, type Step, overlap } from './profiled-run.js';

/** Times in microseconds. */
export interface TraceEvent {
  name: string;
  /** X: complete, M: metadata, s and f: an arrow's two ends. */
  ph: 'X' | 'M' | 's' | 'f';
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  cat?: string;
  id?: number;
  /** The arrow ends at the event around it. */
  bp?: 'e';
  args?: Record<string, unknown>;
}

export interface ChromeTrace {
  displayTimeUnit: 'ms';
  traceEvents: TraceEvent[];
}

/** The compute thread of a worker, or the coordinator's steps. */
const MAIN_THREAD = 1;

/** @param steps in their order; the trace begins with the first */
export function chromeTrace(run: ProfiledRun, steps: readonly Step[]): ChromeTrace {
  const whole = { from: steps[0]?.from ?? 0, to: steps.at(-1)?.to ?? 0 };
  const stepAt = (at: number) => steps.find(({ from, to }) => at >= from && at < to)?.step;
  const ts = (at: number) => Math.round((at - whole.from) * 1e6) / 1e3;
  const complete = (
    name: string,
    [pid, tid]: readonly [number, number],
    { from, to }: Span,
    args = {},
  ): TraceEvent => ({
    ...{ name, ph: 'X', pid, tid, ts: ts(from), dur: Math.max(0, Math.round((ts(to) - ts(from)) * 1e3) / 1e3) },
    args: { step: stepAt(from), ...args },
  });
  const pidOf = (role: string) => run.workers.find((worker) => worker.role === role)?.pid ?? run.coordinator;
  const crossings = run.crossings.filter(({ sent, taken }) => sent >= whole.from && taken < whole.to);
  /** A thread of its own for each way: what is on it never overlaps. */
  const ways = [...new Set(crossings.map(wayOf))];
  const threadOf = (crossing: Crossing) =>
    [pidOf(crossing.from), MAIN_THREAD + 1 + ways.indexOf(wayOf(crossing))] as const;
  return {
    displayTimeUnit: 'ms',
    traceEvents: [
      ...processNames(run),
      ...crossings
        .filter((each, i) => crossings.findIndex((other) => wayOf(other) === wayOf(each)) === i)
        .map((each) => {
          const [pid, tid] = threadOf(each);
          return metadata('thread_name', pid, tid, wayOf(each));
        }),
      ...steps.map((step) => complete(`step ${step.step}`, [run.coordinator, MAIN_THREAD], step)),
      ...run.workers.flatMap(({ pid, phases }) =>
        phases
          .filter((phase) => phase.from >= whole.from && phase.to <= whole.to && overlap(phase, whole) > 0)
          .flatMap((phase) => [
            complete(phase.name, [pid, MAIN_THREAD], phase),
            ...phase.calls.map((call) =>
              complete(call.name, [pid, MAIN_THREAD], call, {
                shapes: call.shapes,
                ...(call.bytes > 0 ? { bytes: call.bytes } : {}),
              }),
            ),
          ]),
      ),
      ...crossings.flatMap((crossing, id) => {
        const { kind, from, to, sent, left, arrived, taken, step } = crossing;
        const about = { name: kind, cat: 'message', id };
        return [
          complete(kind, threadOf(crossing), { from: left, to: arrived }, { step }),
          { ...about, ph: 's' as const, pid: pidOf(from), tid: MAIN_THREAD, ts: ts(sent) },
          { ...about, ph: 'f' as const, bp: 'e' as const, pid: pidOf(to), tid: MAIN_THREAD, ts: ts(taken) },
        ];
      }),
    ],
  };
}

function wayOf({ kind, from, to }: Crossing): string {
  return `${kind}: ${from} -> ${to}`;
}

function processNames({ coordinator, workers }: ProfiledRun): TraceEvent[] {
  return [
    metadata('process_name', coordinator, MAIN_THREAD, COORDINATOR),
    metadata('thread_name', coordinator, MAIN_THREAD, 'steps'),
    ...workers.flatMap(({ pid, role }) => [
      metadata('process_name', pid, MAIN_THREAD, role),
      metadata('thread_name', pid, MAIN_THREAD, 'compute thread'),
    ]),
  ];
}

function metadata(name: string, pid: number, tid: number, value: string): TraceEvent {
  return { name, ph: 'M', pid, tid, args: { name: value } };
}

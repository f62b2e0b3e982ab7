/** Where a step's time goes, role by role and phase by phase. */
import { type Call, type ProfiledRun, type Span, type Step, type Worker, overlap, sum } from './profiled-run.js';

/** Calls of the engine of one name and with inputs of the same shapes; all uploads together. */
export interface CallCost {
  /** Such as Conv2D [64,28,28,1] [4,4,1,64]. */
  label: string;
  count: number;
  ms: number;
}

export interface PhaseCost {
  role: string;
  phase: string;
  ms: number;
  /** Outside of the engine: JavaScript, or waiting in a phase that waits. */
  rest: number;
  /** Ready to run and without a processor, in phases that began in the step; undefined: not known. */
  delay: number | undefined;
  /** Most time first. */
  calls: CallCost[];
}

export interface Moved {
  role: string;
  uploads: number;
  uploadedBytes: number;
  uploadMs: number;
  reads: number;
  readBytes: number;
  readMs: number;
}

/** True for a phase in which a role waits for another one. */
export function waits(phase: string): boolean {
  return phase.startsWith('wait-');
}

/** In the order in which the phases come first. */
export function phaseCosts(run: ProfiledRun, step: Step): PhaseCost[] {
  return run.workers.flatMap((worker) => {
    const phases = worker.phases.filter((phase) => overlap(phase, step) > 0);
    return [...new Set(phases.map(({ name }) => name))].map((name) => {
      const named = phases.filter((phase) => phase.name === name);
      const calls = named.flatMap((phase) => phase.calls).filter((call) => startsIn(call, step));
      const ms = sum(named.map((phase) => overlap(phase, step)));
      const rest = ms - sum(named.flatMap((phase) => phase.calls).map((call) => overlap(call, step)));
      const delays = named.filter((phase) => startsIn(phase, step)).map(({ delay }) => delay);
      const delay = delays.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
      return { role: worker.role, phase: name, ms, rest, delay, calls: callCosts(calls) };
    });
  });
}

export function moved(run: ProfiledRun, step: Step): Moved[] {
  return run.workers.map(({ role, phases }: Worker) => {
    const calls = phases.flatMap((phase) => phase.calls).filter((call) => startsIn(call, step));
    const uploads = calls.filter(({ kind }) => kind === 'upload');
    const reads = calls.filter(({ kind }) => kind === 'read');
    const bytes = (of: readonly Call[]) => sum(of.map((call) => call.bytes));
    const ms = (of: readonly Call[]) => sum(of.map(({ from, to }) => to - from));
    return {
      role,
      uploads: uploads.length,
      uploadedBytes: bytes(uploads),
      uploadMs: ms(uploads),
      reads: reads.length,
      readBytes: bytes(reads),
      readMs: ms(reads),
    };
  });
}

function startsIn({ from }: Span, step: Step): boolean {
  return from >= step.from && from < step.to;
}

function callCosts(calls: readonly Call[]): CallCost[] {
  const costs = new Map<string, CallCost>();
  for (const { kind, name, shapes, from, to } of calls) {
    const inputs = kind === 'upload' ? [] : shapes.map((shape) => `[${shape.join(',')}]`);
    const label = [name, ...inputs].join(' ');
    const { count, ms } = costs.get(label) ?? { count: 0, ms: 0 };
    costs.set(label, { label, count: count + 1, ms: ms + to - from });
  }
  return [...costs.values()].sort((a, b) => b.ms - a.ms);
}

/**
 * The journals of a run, a JSON object a line: events.jsonl (its life), metrics.jsonl (a committed step a line) and
 * quality.jsonl (an evaluation a line).
 */
import { existsSync, readFileSync } from 'node:fs';
import type { LogName } from '../directory-observer.js';
import type { RunDirectory } from '../directory.js';
import type { Cause } from './cause.js';
import type { Quality } from './quality.js';

/** What happened to the run; `event` is one of a short list so that scripts can count on it. */
export type RunEvent =
  | { event: 'run-started'; workers: number; address: string }
  | { event: 'run-resumed'; step: number; workers: number; address: string }
  | { event: 'worker-joined'; worker: string; pid: number; host: string }
  | { event: 'role-assigned'; worker: string; role: string; epoch: number; threads: number }
  /** It has no role, and is ready to take one like this. */
  | { event: 'worker-standing-by'; worker: string; role: string }
  | { event: 'role-ready'; worker: string; role: string; engine: string; device: string; epoch: number }
  | { event: 'training-began'; epoch: number; step: number }
  | { event: 'checkpoint-written'; step: number; bytes: number; milliseconds: number }
  | { event: 'checkpoint-passed-over'; step: number; reason: string }
  | { event: 'samples-written'; step: number; file: string }
  | { event: 'message-refused'; worker: string; reason: string }
  /** `role` is empty for one that had none. */
  | { event: 'worker-lost'; worker: string; role: string; cause: Cause; reason: string }
  | { event: 'step-faulty'; step: number; role: string; reason: string }
  /** A fault: everyone goes back to the newest checkpoint, and the steps since are replayed. */
  | { event: 'step-called-off'; step: number; cause: Cause; role: string; reason: string }
  /** The step that had been called off is committed; milliseconds by what they went into. */
  | {
      event: 'recovered';
      step: number;
      to: number;
      replayed: number;
      epoch: number;
      cause: Cause;
      role: string;
      faults: number;
      detectMs: number;
      replaceMs: number;
      restoreMs: number;
      replayMs: number;
      totalMs: number;
    }
  /** The promise of the same bits was not kept: this machine does not compute the same thing twice. */
  | { event: 'replay-differs'; step: number; reason: string }
  /** Something is wrong, and nothing is done about it. */
  | { event: 'fault-suspected'; role: string; peer: string; cause: Cause; reason: string }
  | { event: 'nobody-evicted'; reason: string }
  | { event: 'stop-requested'; by: string }
  /** On purpose (docs/chaos.md). `worker` makes it, or is the damaged file; `step` began last. */
  | { event: 'fault-injected'; fault: string; role: string; peer: string; step: number; worker: string }
  | { event: 'evaluator-started'; pid: number }
  | ({ event: 'quality-measured' } & Quality)
  /** A rule began to hold of a step, or no longer does (docs/stability.md). */
  | {
      event: 'collapse-suspected' | 'warning-raised' | 'warning-cleared';
      rule: string;
      /** The role, or the judged (x, g1, ...), that it is about; empty: the whole run. */
      subject: string;
      step: number;
      reason: string;
    }
  | { event: 'evaluation-skipped'; step: number; reason: string }
  /** From here on the run has no evaluations. */
  | { event: 'evaluation-ended'; reason: string }
  /** `step` was the newest committed one; the evaluation of `evaluated` decided it; `branch` begins after `to`. */
  | { event: 'rolled-back'; step: number; to: number; evaluated: number; branch: number; reason: string }
  | { event: 'rollback-refused'; evaluated: number; reason: string }
  /** The store does not take what the run leaves behind. */
  | { event: 'store-behind'; seconds: number; writes: number; reason: string }
  /** It has everything again. The training had waited for it so long. */
  | { event: 'store-caught-up'; milliseconds: number; pausedMs: number }
  | { event: 'exported'; folder: string }
  | { event: 'run-finished' | 'run-stopped' | 'run-failed'; step: number; reason: string };

/** A committed step, as a line of metrics.jsonl. */
export interface StepMetrics {
  /** 1 is the first. */
  step: number;
  epoch: number;
  /** From the commit before to this one. */
  ms: number;
  /** From the first vote to the last. */
  voteSpreadMs: number;
  discriminatorLoss: number;
  /** mean_j l_G(D(G_i(z_j))) of each generator, unweighted. */
  generatorLosses: number[];
  /** L_G: what the average-loss rule gives. */
  averageGeneratorLoss: number;
  /** How many samples of the batch each won: x, g1, g2, ... */
  verdicts: Record<string, number>;
  /** Mean probability of being real that the discriminator gave x, g1, g2, ... before its update. */
  scores: Record<string, number>;
  /** Every `signalsEvery` steps. */
  signals?: StepSignals;
  /** Global L2 norm by role. */
  gradientNorms: Record<string, number>;
  /** Milliseconds by role and phase; wait-commit and commit are those of the step before. */
  phases: Record<string, Record<string, number>>;
  /** Live tensors by role. */
  tensors: Record<string, number>;
}

export interface StepSignals {
  /** Largest singular value of the kernel, by layer of the discriminator. */
  sigma: Record<string, number>;
  /** Mean distance between two samples of a generator's batch, over that of x: g1, g2, ... */
  diversity: Record<string, number>;
  /** Share of the weights of the generators' loss: g1, g2, ... */
  updateShare: Record<string, number>;
}

/** Hears of everything as it is written, after it is. */
export interface JournalReader {
  event?(event: RunEvent): void;
  /** A step that was not committed before. */
  metrics?(metrics: StepMetrics): void;
  quality?(quality: Quality): void;
}

export class Journal {
  readonly #directory: RunDirectory;
  readonly #readers: JournalReader[] = [];

  constructor(directory: RunDirectory) {
    this.#directory = directory;
  }

  addReader(reader: JournalReader): void {
    this.#readers.push(reader);
  }

  event(event: RunEvent): void {
    this.#directory.append('events.jsonl', { time: new Date().toISOString(), ...event });
    for (const reader of this.#readers) reader.event?.(event);
  }

  metrics(metrics: StepMetrics): void {
    this.#directory.append('metrics.jsonl', metrics);
    for (const reader of this.#readers) reader.metrics?.(metrics);
  }

  quality(quality: Quality): void {
    this.#directory.append('quality.jsonl', quality);
    for (const reader of this.#readers) reader.quality?.(quality);
  }

  /** The committed steps so far, oldest first. */
  readMetrics(): StepMetrics[] {
    return this.#lines('metrics.jsonl').flatMap((line) => parsed<StepMetrics>(line) ?? []);
  }

  /** The evaluations so far, oldest first. */
  readQuality(): Quality[] {
    return this.#lines('quality.jsonl').flatMap((line) => parsed<Quality>(line) ?? []);
  }

  /** Drops what was written of steps after `step`, and the evaluation at an end that was none: they will come again. */
  rewind(step: number): void {
    this.#keep<StepMetrics>('metrics.jsonl', (metrics) => metrics.step <= step);
    this.#keep<Quality>('quality.jsonl', (quality) => quality.step <= step && quality.extra !== true);
  }

  #keep<T extends { step: number }>(name: LogName, fits: (value: T) => boolean): void {
    if (!existsSync(this.#directory.file(name))) return;
    const kept = this.#lines(name).filter((line) => {
      const value = parsed<T>(line);
      return value !== undefined && fits(value);
    });
    this.#directory.rewrite(name, kept);
  }

  #lines(name: LogName): string[] {
    const path = this.#directory.file(name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  }
}

/** A line that was cut off by a crash, or is not one of a step, counts as one that never was. */
function parsed<T extends { step: number }>(line: string): T | undefined {
  try {
    const value = JSON.parse(line) as T | null;
    return Number.isInteger(value?.step) ? (value ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

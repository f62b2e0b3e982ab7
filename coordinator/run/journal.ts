/** The two journals of a run, a JSON object a line: events.jsonl (its life) and metrics.jsonl (a committed step a line). */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type RunDirectory, writeWhole } from './directory.js';
import { storageError } from './storage-error.js';

/** What happened to the run; `event` is one of a short list so that scripts can count on it. */
export type RunEvent =
  | { event: 'run-started'; workers: number; address: string }
  | { event: 'run-resumed'; step: number; workers: number; address: string }
  | { event: 'worker-joined'; worker: string; pid: number; host: string }
  | { event: 'role-assigned'; worker: string; role: string; epoch: number; threads: number }
  | { event: 'role-ready'; worker: string; role: string; engine: string; device: string }
  | { event: 'training-began'; epoch: number; step: number }
  | { event: 'checkpoint-written'; step: number; bytes: number; milliseconds: number }
  | { event: 'checkpoint-passed-over'; step: number; reason: string }
  | { event: 'samples-written'; step: number; file: string }
  | { event: 'message-refused'; worker: string; reason: string }
  | { event: 'worker-lost'; worker: string; role: string; reason: string }
  | { event: 'step-faulty'; step: number; reason: string }
  | { event: 'stop-requested'; by: string }
  | { event: 'exported'; folder: string }
  | { event: 'run-finished' | 'run-stopped' | 'run-failed'; step: number; reason: string };

/** A committed step, as a line of metrics.jsonl. */
export interface StepMetrics {
  /** 1 is the first. */
  step: number;
  epoch: number;
  /** From the commit before to this one. */
  ms: number;
  discriminatorLoss: number;
  /** mean_j l_G(D(G_i(z_j))) of each generator, unweighted. */
  generatorLosses: number[];
  /** L_G: what the average-loss rule gives. */
  averageGeneratorLoss: number;
  /** How many samples of the batch each won: x, g1, g2, ... */
  verdicts: Record<string, number>;
  /** Global L2 norm by role. */
  gradientNorms: Record<string, number>;
  /** Milliseconds by role and phase. */
  phases: Record<string, Record<string, number>>;
  /** Live tensors by role. */
  tensors: Record<string, number>;
}

export class Journal {
  readonly #directory: RunDirectory;

  constructor(directory: RunDirectory) {
    this.#directory = directory;
  }

  event(event: RunEvent): void {
    this.#append('events.jsonl', { time: new Date().toISOString(), ...event });
  }

  metrics(metrics: StepMetrics): void {
    this.#append('metrics.jsonl', metrics);
  }

  /** Drops the metrics of steps after `step`: a resumed run writes them again. */
  rewind(step: number): void {
    const path = this.#directory.file('metrics.jsonl');
    if (!existsSync(path)) return;
    const kept = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => stepOf(line) <= step);
    writeWhole(path, kept.map((line) => `${line}\n`).join(''));
  }

  #append(name: string, value: object): void {
    const path = this.#directory.file(name);
    try {
      appendFileSync(path, `${JSON.stringify(value)}\n`);
    } catch (error) {
      throw storageError(error, path);
    }
  }
}

/** A line that was cut off by a crash counts as a step that never was. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as StepMetrics).step;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

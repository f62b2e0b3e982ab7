/** Run directories as a coordinator would have left them, or is writing them, without training anything. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { compileOptions } from '../../../coordinator/run/config/options.js';
import { newRecord, writeRecord } from '../../../coordinator/run/config/record.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { RunEvent, StepMetrics } from '../../../coordinator/run/journal/journal.js';
import type { Quality } from '../../../coordinator/run/journal/quality.js';
import { type RunStatus, writeStatus } from '../../../coordinator/run/status.js';
import type { LiveView, WorkerView } from '../../../coordinator/view/run-view.js';
import { stepOf } from './history.js';

export interface RecordedRun {
  directory: RunDirectory;
  event(event: RunEvent, time?: string): void;
  /** Appends committed steps. */
  steps(first: number, last: number, change?: (step: number) => Partial<StepMetrics>): void;
  quality(quality: Pick<Quality, 'step' | 'kid'> & Partial<Quality>): void;
  /** A picture of one colour, another at every step. */
  picture(step: number): Promise<void>;
  status(status: Partial<RunStatus>): void;
}

/** @param folder that does not exist yet */
export function recordedRun(folder: string, steps = 1000): RecordedRun {
  const directory = RunDirectory.create(folder);
  const { training, settings } = compileOptions({ steps });
  const engine = { name: 'tensorflow', device: settings.device } as const;
  writeRecord(directory, newRecord(directory, { training, settings, engine, threads: {} }));
  const append = (name: string, value: object) => appendFileSync(directory.file(name), `${JSON.stringify(value)}\n`);
  mkdirSync(join(folder, 'samples'), { recursive: true });
  return {
    directory,
    event: (event, time = new Date().toISOString()) => append('events.jsonl', { time, ...event }),
    steps(first, last, change = () => ({})) {
      for (let step = first; step <= last; step += 1) append('metrics.jsonl', stepOf(step, change(step)));
    },
    quality: (quality) =>
      append('quality.jsonl', { generators: {}, floor: 0.01, best: 0, bestStep: 0, ratio: 1, ...quality }),
    async picture(step) {
      const background = { r: step % 256, g: 100, b: 200 };
      const png = await sharp({ create: { width: 96, height: 54, channels: 3, background } })
        .png()
        .toBuffer();
      writeFileSync(directory.file('samples', `step-${String(step).padStart(6, '0')}.png`), png);
    },
    status: (status) =>
      writeStatus(directory, {
        id: directory.id,
        state: 'running',
        pid: process.pid,
        address: '127.0.0.1:1',
        step: 0,
        ...status,
      }),
  };
}

export function workerOf(role: string, change: Partial<WorkerView> = {}): WorkerView {
  return {
    role,
    state: 'ready',
    worker: 'host/4001',
    engine: 'tensorflow 2.21.0',
    device: 'cpu',
    phase: 'forward',
    phaseMs: 12,
    heartbeatMs: 300,
    residentBytes: 412e6,
    metrics: '',
    ...change,
  };
}

/** A run of two generators that trains. */
export function liveOf(change: Partial<LiveView> = {}): LiveView {
  return {
    state: 'training',
    step: 10,
    epoch: 1,
    reason: '',
    sinceCommitMs: 80,
    workers: ['discriminator', 'generator-1', 'generator-2'].map((role) => workerOf(role)),
    ...change,
  };
}

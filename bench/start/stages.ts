/** What a start consists of, from what the run leaves behind: the directory's birth, events.jsonl, metrics.jsonl. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError } from '../../common/errors.js';
import type { RunEvent } from '../../coordinator/run/journal/journal.js';
import { readJournal } from '../../tests/support/runs/run.js';

const LOOK_MS = 2;

/** One after the other. */
export const STAGES = {
  program: 'node, modules, options, engine found',
  listening: 'run directory, page, metrics, gRPC listening',
  joined: 'three workers: node, modules, joined',
  engine: "generators' engines loaded, first weights",
  data: "discriminator's engine and data, beyond that",
  step: 'first step',
} as const;

/** Milliseconds of each. */
export type Stages = Record<keyof typeof STAGES, number>;

/** The clock when the first step is in metrics.jsonl. */
export async function firstCommit(out: string, over: AbortSignal): Promise<number> {
  while (!over.aborted) {
    if ((statSync(join(out, 'metrics.jsonl'), { throwIfNoEntry: false })?.size ?? 0) > 0) return Date.now();
    await sleep(LOOK_MS);
  }
  return Number.NaN;
}

/** @param began the clock when the command was started @param committed the clock at the first commit */
export function stagesOf(out: string, began: number, committed: number): Stages {
  const events = readJournal<RunEvent & { time: string }>(out, 'events.jsonl');
  const last = (name: string, fits: (event: RunEvent) => boolean = () => true): number => {
    const event = events.filter((each) => each.event === name && fits(each)).at(-1);
    if (event === undefined) throw new DuetError(`${out} has no event ${name}`);
    return Date.parse(event.time);
  };
  const isGenerator = (event: RunEvent) => event.event === 'role-ready' && event.role !== 'discriminator';
  const moments = [
    began,
    statSync(out).birthtimeMs,
    last('run-started'),
    last('worker-joined'),
    last('role-ready', isGenerator),
    last('training-began'),
    committed,
  ];
  const names = Object.keys(STAGES) as (keyof Stages)[];
  const spans = names.map((name, i) => [name, (moments[i + 1] ?? 0) - (moments[i] ?? 0)]);
  return Object.fromEntries(spans) as Stages;
}

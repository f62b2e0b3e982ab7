/** What a person sees while a comparison runs: a bar on a terminal, a line a run elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import { duration } from '../../cli/start/progress.js';
import type { RunEnd } from './execute.js';
import type { PlannedRun } from '../plan.js';

export interface ComparisonProgress extends Disposable {
  begun(run: PlannedRun): void;
  /** @param detail e.g. its primary metric, or why it died */
  ended(run: PlannedRun, end: RunEnd, seconds: number, detail: string): void;
}

export interface ProgressOptions {
  /** Runs of the comparison, and those of them that are finished or dead already. */
  total: number;
  done: number;
  /** Runs that are still to be made. */
  left: readonly PlannedRun[];
  /** At once. */
  parallel: number;
  output: NodeJS.WriteStream;
}

export function comparisonProgress({ total, done, left, parallel, output }: ProgressOptions): ComparisonProgress {
  const waiting = new Set(left);
  const active = new Set<PlannedRun>();
  const seconds = new Map<string, number[]>();
  const bar = output.isTTY
    ? new SingleBar(
        {
          format: '{bar} {value}/{total} runs  {text}',
          barsize: 20,
          stream: output,
          hideCursor: true,
          linewrap: false,
        },
        Presets.shades_classic,
      )
    : undefined;
  const timeLeft = () => {
    const left = secondsLeft([...waiting], seconds, parallel);
    return left === undefined ? '' : `${duration(left)} left`;
  };
  const status = () => ({ text: joined([...active].map(({ name }) => name).join(', '), timeLeft()) });
  bar?.start(total, done, { text: '' });
  return {
    begun(run) {
      active.add(run);
      bar?.update(status());
    },
    ended(run, end, took, detail) {
      active.delete(run);
      if (end === 'stopped') return;
      waiting.delete(run);
      done += 1;
      if (end === 'finished') seconds.set(run.data, [...(seconds.get(run.data) ?? []), took]);
      bar?.update(done, status());
      if (bar === undefined)
        output.write(`${done}/${total}  ${joined(run.name, `${end} after ${duration(took)}`, detail, timeLeft())}\n`);
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}

/** By the mean of the runs made on the same data, or of all while there is none; undefined before the first. */
export function secondsLeft(
  waiting: readonly Pick<PlannedRun, 'data'>[],
  seconds: ReadonlyMap<string, readonly number[]>,
  parallel: number,
): number | undefined {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const all = [...seconds.values()].flat();
  if (all.length === 0) return undefined;
  const sum = waiting.reduce((total, { data }) => total + mean(seconds.get(data) ?? all), 0);
  return sum / Math.max(1, Math.min(parallel, waiting.length));
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

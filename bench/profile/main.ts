/** `bench profile`: where a step of the MNIST preset goes, and what it costs to look. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DuetError, UsageError } from '../../common/errors.js';
import { WARM_UP, medianMs, trainingRun } from '../duet.js';
import { median } from '../statistics.js';
import { chromeTrace } from './chrome-trace.js';
import { type ProfiledRun, type Step, profiledRun } from './profiled-run.js';
import { type Recording, recordRun } from './record.js';
import { report } from './report.js';

export interface ProfileOptions {
  steps: number;
  workers: number;
  pairs: number;
  /** Which one to print; undefined: the one of median length. */
  step?: number | undefined;
  /** File for all steps as a Chrome trace. */
  trace?: string | undefined;
}

export async function measureProfile(options: ProfileOptions): Promise<void> {
  assertUsable(options);
  const { pairs, trace } = options;
  const without: number[] = [];
  const recordings: Recording[] = [];
  const training = { steps: options.steps, flags: ['--workers', String(options.workers)] };
  for (let pair = 1; pair <= pairs; pair += 1) {
    process.stderr.write(`pair ${pair} of ${pairs}: without the profile\n`);
    without.push(medianMs(await trainingRun(training)));
    process.stderr.write(`pair ${pair} of ${pairs}: with it\n`);
    recordings.push(await recordRun(training));
  }
  const recorded = recordings.map(({ metrics }) => medianMs(metrics));
  const usual = recordings[recorded.indexOf(median(recorded))];
  const run = profiledRun(usual?.threads ?? []);
  const steps = run.steps.filter(({ step }) => step > WARM_UP);
  const chosen = chooseStep(run, steps, options.step);
  const ratio = median(recorded.map((ms, i) => ms / (without[i] ?? Number.NaN)));
  const ms = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(', ');
  process.stdout.write(
    [
      `\nStep ${chosen.step} of the MNIST preset with ${options.workers} workers: ${(chosen.to - chosen.from).toFixed(1)} ms`,
      options.step === undefined ? `, the median of ${steps.length}\n` : `\n`,
      `Medians of a run without the profile: ${ms(without)} ms; with it: ${ms(recorded)} ms; ratio ${ratio.toFixed(3)}\n\n`,
      `${report(run, chosen)}\n`,
    ].join(''),
  );
  if (trace === undefined) return;
  writeFileSync(trace, JSON.stringify(chromeTrace(run, steps)));
  process.stdout.write(`\n${steps.length} steps in ${trace}: open it in ui.perfetto.dev or chrome://tracing\n`);
}

/** What is wrong is said before minutes are spent. */
function assertUsable({ steps, workers, pairs, step, trace }: ProfileOptions): void {
  const whole = (flag: string, value: number, least: number, most = Infinity) => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    const range = most === Infinity ? `from ${least} on` : `${least} to ${most}`;
    throw new UsageError(`${flag} takes a whole number ${range}, not ${value}`);
  };
  whole('--steps', steps, 1);
  whole('--pairs', pairs, 1);
  whole('--workers', workers, 2);
  if (step !== undefined) whole('--step', step, WARM_UP + 1, WARM_UP + steps);
  if (trace === undefined) return;
  if (!existsSync(dirname(resolve(trace)))) throw new UsageError(`--trace ${trace}: there is no such folder`);
  if (existsSync(trace) && !statSync(trace).isFile()) throw new UsageError(`--trace ${trace}: this is not a file`);
}

function chooseStep({ workers }: ProfiledRun, steps: readonly Step[], wanted: number | undefined): Step {
  const length = ({ from, to }: Step) => to - from;
  const middle = median(steps.map(length));
  const found = steps.find((step) => (wanted === undefined ? length(step) === middle : step.step === wanted));
  if (found !== undefined) return found;
  const what = wanted === undefined ? 'no step' : `step ${wanted}`;
  throw new DuetError(`of ${workers.length} workers ${what} was recorded whole: take a longer run (--steps)`);
}

/** `coordinator evaluate`: the figures of any checkpoint of a run, with the real data's beside them. */
import { Presets, SingleBar } from 'cli-progress';
import { resolve } from 'node:path';
import { UsageError } from '../../common/errors.js';
import type { ExitCode } from '../../common/process/run-command.js';
import { checkSamples } from '../../gan/metrics/real-reference.js';
import { bestEngine } from '../engines/beside.js';
import { evaluationFile, writeEvaluation } from '../evaluation/document.js';
import { Evaluator, type OnProgress } from '../evaluation/evaluator.js';
import { needsFeatures, openRunData } from '../evaluation/subject.js';
import { evaluationTable } from '../evaluation/table.js';
import { listCheckpoints } from '../run/checkpoints/checkpoints.js';
import { RunDirectory } from '../run/directory.js';
import { featuresWithProgress } from './features.js';
import { resolveStep } from './trained.js';
import { wholeNumber } from './whole-number.js';

interface EvaluateFlags {
  run: string;
  step?: string;
  samples: string;
  seed: string;
  out?: string;
}

export async function evaluateCommand(flags: EvaluateFlags): Promise<ExitCode> {
  const directory = RunDirectory.open(flags.run);
  const steps = chosenSteps(directory, flags);
  const samples = wholeNumber('--samples', flags.samples, 1);
  const seed = wholeNumber('--seed', flags.seed, 0);
  const { data, dataset } = await openRunData(directory);
  // Before a minute of training the feature network, not after it.
  checkSamples(data, dataset.heldOut, samples);
  const engine = await bestEngine();
  using features = needsFeatures(data) ? await featuresWithProgress(engine) : undefined;
  const evaluator = new Evaluator(directory, { engine, features, dataset }, { samples, seed });
  for (const step of steps) {
    using progress = progressOf(step, process.stderr);
    const evaluation = evaluator.evaluate(step, progress.report);
    const file = flags.out === undefined ? evaluationFile(directory, step) : resolve(flags.out);
    writeEvaluation(file, evaluation);
    progress[Symbol.dispose]();
    process.stdout.write(`${evaluationTable(evaluation)}written to ${file}\n`);
  }
  return 0;
}

/** @throws UsageError when the run has no such checkpoint */
function chosenSteps(directory: RunDirectory, { step, out }: EvaluateFlags): number[] {
  const newest = resolveStep(directory, step === 'all' ? undefined : step);
  if (step !== 'all') return [newest];
  const steps = listCheckpoints(directory);
  if (out === undefined || steps.length === 1) return steps;
  throw new UsageError(
    `--step all writes ${steps.length} evaluations, --out ${out} names one file: leave --out away, they go to RUN/evaluation`,
  );
}

/** A bar on a terminal; elsewhere a line for each piece of work. */
function progressOf(step: number, output: NodeJS.WriteStream): Disposable & { report: OnProgress } {
  const bar = output.isTTY
    ? new SingleBar(
        {
          format: '{bar} {value}/{total}  {text}',
          barsize: 20,
          stream: output,
          hideCursor: true,
          clearOnComplete: true,
        },
        Presets.shades_classic,
      )
    : undefined;
  let started = false;
  return {
    report(done, total, what) {
      const text = `step ${step}: ${what}`;
      if (bar === undefined) {
        if (done < total) output.write(`${text} (${done + 1} of ${total})\n`);
        return;
      }
      if (!started) bar.start(total, done, { text });
      started = true;
      bar.update(done, { text });
      // The work blocks this thread, and with it the bar's own timer.
      bar.render();
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}

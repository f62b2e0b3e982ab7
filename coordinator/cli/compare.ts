/** `coordinator compare`: systems x data sets x seeds x settings from one file, then a report. */
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import type { ExitCode } from '../../common/process/run-command.js';
import { METRICS } from '../../gan/metrics/catalogue.js';
import { checkEvaluations } from '../compare/evaluation.js';
import { type PlannedRun, planRuns } from '../compare/plan.js';
import { metricTitle } from '../compare/report/facet.js';
import { writeReport } from '../compare/report/write.js';
import { type Results, type RunRow, collect } from '../compare/results/results.js';
import { type RunEnd, execute } from '../compare/running/execute.js';
import { refuseOthers } from '../compare/running/facts.js';
import { lockFolder } from '../compare/running/lock.js';
import { capacityOf, inParallel } from '../compare/running/parallel.js';
import { comparisonProgress } from '../compare/running/progress.js';
import { type Comparison, readComparison } from '../compare/spec.js';
import { chooseEngine } from '../engines/choose.js';
import { stopOnSignals } from './signals.js';

export interface CompareFlags {
  out?: string;
  reportOnly?: true;
  retryFailed?: true;
}

interface Task {
  file: string;
  out: string;
  comparison: Comparison;
  runs: PlannedRun[];
}

export async function compareCommand(file: string, flags: CompareFlags): Promise<ExitCode> {
  const comparison = readComparison(file);
  const runs = planRuns(comparison, file);
  if (comparison.evaluate !== false) await checkEvaluations(runs, comparison.evaluate);
  const out = resolve(flags.out ?? join('runs', comparison.name));
  const task: Task = { file, out, comparison, runs };
  refuseOthers(out, runs, comparison);
  if (flags.reportOnly === true) return await conclude(task);
  using _lock = await lockFolder(out);
  // Once, before the runs: two of them preparing at the same time would only wait for each other.
  if (runs.some(({ given }) => given['engine'] !== 'wasm')) await chooseEngine({ name: 'tensorflow', device: 'auto' });
  const stopped = await makeRuns(task, flags.retryFailed === true);
  const code = await conclude(task);
  if (!stopped) return code;
  say(`stopped; go on with   npx coordinator compare ${file} --out ${out}`);
  return 130;
}

/** @returns whether the user stopped it */
async function makeRuns({ out, comparison, runs, file }: Task, retryFailed: boolean): Promise<boolean> {
  const states = new Map(resultsOf({ out, comparison, runs, file }).runs.map((row) => [row.name, row.state]));
  const isSettled = (run: PlannedRun) => {
    const state = states.get(run.name);
    return state === 'finished' || (state === 'dead' && !retryFailed);
  };
  const left = runs.filter((run) => !isSettled(run));
  const capacity = capacityOf(comparison.parallel, left, { cores: availableParallelism(), memory: totalmem() });
  say(`${comparison.name}: ${runs.length} runs, ${runs.length - left.length} of them made already, into ${out}`);
  using signals = stopOnSignals('stopping every run after its step, with a checkpoint');
  using progress = comparisonProgress({
    total: runs.length,
    done: runs.length - left.length,
    left,
    parallel: capacity.total,
    output: process.stdout,
  });
  // Also the settled ones: an interruption may have left more of them on the disk than is to stay.
  await inParallel(
    runs,
    { ...capacity, costOf: (run) => (isSettled(run) ? 0 : capacity.costOf(run)) },
    signals.stop,
    async (run, stop) => {
      const begun = performance.now();
      if (!isSettled(run)) progress.begun(run);
      const end = await execute(run, { out, comparison, stop, retryFailed });
      if (!isSettled(run))
        progress.ended(run, end, (performance.now() - begun) / 1000, detail(out, run, end, comparison));
    },
  );
  return signals.stop.aborted;
}

/** The run's primary metric, or why it died. */
function detail(out: string, run: PlannedRun, end: RunEnd, comparison: Comparison): string {
  if (end === 'stopped') return '';
  const [row] = collect(out, { ...comparison, data: [] }, [run], { file: '', text: '' }).runs;
  if (row?.failure !== undefined) return row.failure.reason;
  const metric = comparison.primary[run.data] ?? 'kid';
  const value = row?.summary?.evaluation?.groups['mixture']?.[metric];
  return value === undefined ? '' : `${metricTitle(metric, run.data)} ${value.toFixed(METRICS[metric].digits)}`;
}

async function conclude(task: Task): Promise<ExitCode> {
  const results = resultsOf(task);
  const written = await writeReport(task.out, results, task.runs);
  const count = (state: RunRow['state']) => results.runs.filter((row) => row.state === state).length;
  const dead = count('dead');
  say(`${count('finished')} of ${results.runs.length} runs finished${dead > 0 ? `, ${dead} died` : ''}`);
  for (const row of results.runs)
    if (row.failure !== undefined) say(`dead           ${row.name}: ${row.failure.reason}`);
  if (dead > 0) say(`try those again with --retry-failed`);
  for (const file of written) say(`written        ${file}`);
  return dead === results.runs.length ? 1 : 0;
}

function resultsOf({ file, out, comparison, runs }: Task): Results {
  return collect(out, comparison, runs, { file, text: readFileSync(file, 'utf8') });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

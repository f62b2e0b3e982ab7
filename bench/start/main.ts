/** `bench start`: from the command line to the first committed step, and what that time goes into. */
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../common/errors.js';
import { COORDINATOR } from '../../tests/support/runs/run.js';
import { medianAndRange, table } from '../statistics.js';
import { oneStart } from './one-start.js';
import { STAGES, type Stages, stagesOf } from './stages.js';

/** dist/bench/start/ lies three levels below the package's root, where npx finds the command. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Aim, with a prepared engine on two cores. */
const AIM_MS = 5000;

/** A program and what stands before `start`. */
const FORMS = {
  node: [process.execPath, COORDINATOR],
  npx: ['npx', '--prefix', ROOT, 'coordinator'],
} as const;
type Form = keyof typeof FORMS;

export async function measureStart({ runs }: { runs: number }): Promise<void> {
  if (!Number.isInteger(runs) || runs < 1) throw new UsageError('--runs takes a whole number from 1 on');
  const measured: Record<Form, Stages[]> = { node: [], npx: [] };
  for (let run = 1; run <= runs; run += 1) {
    for (const form of Object.keys(FORMS) as Form[]) {
      process.stderr.write(`start ${run} of ${runs}: ${form}\n`);
      measured[form].push(await oneStart(FORMS[form], ({ out, began, committed }) => stagesOf(out, began, committed)));
    }
  }
  process.stdout.write(`\n${report(measured, runs)}\n`);
}

function report(measured: Record<Form, Stages[]>, runs: number): string {
  const { node, npx } = measured;
  const row = (name: string, of: (stages: Stages) => number) => [
    name,
    ...medianAndRange(node.map(of)),
    ...medianAndRange(npx.map(of)),
  ];
  const whole = (stages: Stages) => Object.values(stages).reduce((sum, ms) => sum + ms, 0);
  return table(
    [`milliseconds, median of ${runs} starts`, 'node', 'range', 'npx', 'range'],
    [
      ...(Object.keys(STAGES) as (keyof Stages)[]).map((stage) => row(STAGES[stage], (stages) => stages[stage])),
      row(`to the first committed step (aim: under ${AIM_MS})`, whole),
    ],
  );
}

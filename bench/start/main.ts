/** `bench start`: from the command line to the first committed step, and what that time goes into. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuetError, UsageError } from '../../common/errors.js';
import { COORDINATOR } from '../../tests/support/run.js';
import { runLines } from '../processes.js';
import { median, table } from '../statistics.js';
import { STAGES, type Stages, firstCommit, stagesOf } from './stages.js';

/** dist/bench/start/ lies three levels below the package's root, where npx finds the command. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TIMEOUT_MS = 60_000;
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
      measured[form].push(await start(form));
    }
  }
  process.stdout.write(`\n${report(measured, runs)}\n`);
}

async function start(form: Form): Promise<Stages> {
  const folder = mkdtempSync(join(tmpdir(), 'duet-bench-start-'));
  const out = join(folder, 'run');
  const [program, ...before] = FORMS[form];
  const over = new AbortController();
  try {
    const began = Date.now();
    const committed = firstCommit(out, over.signal);
    const args = ['start', '--workers', '3', '--steps', '1', '--port', '0', '--out', out];
    const lines = await runLines(program, [...before, ...args], TIMEOUT_MS);
    over.abort();
    if (lines.length === 0) throw new DuetError(`the run failed: try ${form} ${before.join(' ')} ${args.join(' ')}`);
    return stagesOf(out, began, await committed);
  } finally {
    over.abort();
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(measured: Record<Form, Stages[]>, runs: number): string {
  const cells = (values: readonly number[]) => [
    median(values).toFixed(0),
    `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`,
  ];
  const { node, npx } = measured;
  const row = (name: string, of: (stages: Stages) => number) => [name, ...cells(node.map(of)), ...cells(npx.map(of))];
  const whole = (stages: Stages) => Object.values(stages).reduce((sum, ms) => sum + ms, 0);
  return table(
    [`milliseconds, median of ${runs} starts`, 'node', 'range', 'npx', 'range'],
    [
      ...(Object.keys(STAGES) as (keyof Stages)[]).map((stage) => row(STAGES[stage], (stages) => stages[stage])),
      row(`to the first committed step (aim: under ${AIM_MS})`, whole),
    ],
  );
}

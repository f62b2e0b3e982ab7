/** `bench faults`: a thousand faults of all kinds in one run, and the same bits at its end as without one. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuetError } from '../../common/errors.js';
import { describeFault } from '../../coordinator/chaos/words.js';
import { checkpointName } from '../../coordinator/run/checkpoints/checkpoints.js';
import type { RunEvent, StepMetrics } from '../../coordinator/run/journal/journal.js';
import { processesOf } from '../../tests/support/machine/processes.js';
import { COORDINATOR, ROLES, readCheckpoint, readJournal } from '../../tests/support/runs/run.js';
import { DisturbedRun, lastStep } from './disturbed-run.js';
import { MemoryLog } from './memory-log.js';
import { plannedFault, stepsFor } from './plan.js';
import { faultTable, faultsOf, spread } from './report.js';

const RUN = [
  ...['--data', 'ring8', '--width', '0.25', '--batch', '16', '--threads', '1', '--port', '0'],
  ...['--checkpoint-every', '10', '--evaluate-every', '0', '--sample-every', '100000'],
];
/** Silence is found after 2 s and a hanging step after 6, so that an hour is enough; more faults than any run should survive. */
const DISTURBED = [
  ...['--allow-chaos', '--heartbeat-deadline', '2', '--step-deadline', '6'],
  ...['--max-crashes', '100000', '--max-evictions', '100000', '--max-faulty-steps', '100000'],
];

interface FaultsOptions {
  faults: number;
  seed: number;
  /** Workers that stand by. */
  spares: number;
  /** Kept, and gone on with when it is given again; else a temporary folder. */
  out: string | undefined;
}

export async function measureFaults({ faults, seed, spares, out }: FaultsOptions): Promise<void> {
  const folder = out ?? mkdtempSync(join(tmpdir(), 'duet-bench-faults-'));
  mkdirSync(folder, { recursive: true });
  const [calm, disturbed] = [join(folder, 'undisturbed'), join(folder, 'disturbed')];
  const steps = stepsFor(faults);
  const args = [...RUN, '--steps', String(steps)];
  try {
    say(`${steps} steps without a fault`);
    const calmSeconds = undisturbed(calm, args, steps);
    say(`the same with ${faults} faults, seed ${seed}, ${spares} spares`);
    const began = performance.now();
    const run = new DisturbedRun(disturbed, [...args, ...DISTURBED, '--spares', String(spares)]);
    const memory = new MemoryLog(disturbed, () => run.pid);
    const failed = run.ended().then(
      () => undefined,
      (error: unknown) => error,
    );
    await Promise.race([makeFaults(run, faults, seed), failed]);
    const error = await failed;
    memory[Symbol.dispose]();
    if (error instanceof Error) throw error;
    report({ calm, disturbed, steps, calmSeconds, seconds: (performance.now() - began) / 1000, run, memory });
  } finally {
    if (out === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function makeFaults(run: DisturbedRun, count: number, seed: number): Promise<void> {
  const made = faultsOf(readJournal<RunEvent>(run.out, 'events.jsonl')).length;
  for (let index = made; index < count; index += 1) {
    const fault = plannedFault(seed, index, ROLES);
    const done = await run.inject(fault);
    if (!done) return;
    if ((index + 1) % 50 === 0) say(`${index + 1} faults, step ${lastStep(run.out)} (${describeFault(fault)})`);
  }
}

/** @returns seconds */
function undisturbed(out: string, args: readonly string[], steps: number): number {
  if (existsSync(join(out, 'checkpoints', checkpointName(steps)))) return Number.NaN;
  rmSync(out, { recursive: true, force: true });
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [COORDINATOR, 'start', '--out', out, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new DuetError(`the run without faults failed: ${stderr}`);
  return (performance.now() - began) / 1000;
}

interface Results {
  calm: string;
  disturbed: string;
  steps: number;
  calmSeconds: number;
  seconds: number;
  run: DisturbedRun;
  memory: MemoryLog;
}

function report({ calm, disturbed, steps, calmSeconds, seconds, run, memory }: Results): void {
  const events = readJournal<RunEvent>(disturbed, 'events.jsonl');
  const faults = faultsOf(events);
  const recovered = events.flatMap((event) => (event.event === 'recovered' ? [event] : []));
  const count = (kind: RunEvent['event']) => events.filter(({ event }) => event === kind).length;
  say(faultTable(faults));
  say(
    `coordinator killed and started again: ${run.restarts.length} times, ms from its death to a new step ${spread(run.restarts.map(({ totalMs }) => totalMs))}`,
  );
  say('(milliseconds: median / 90th percentile / longest)');
  say(`time           ${Math.round(seconds)} s with faults, ${Math.round(calmSeconds)} s without`);
  say(
    `replayed       ${recovered.reduce((sum, each) => sum + each.replayed, 0)} steps of ${steps}; replays that differed: ${count('replay-differs')}`,
  );
  say(`checkpoints    ${count('checkpoint-passed-over')} damaged ones passed over`);
  say(`memory         ${memory.summary()}`);
  say(`tensors        ${tensorsOf(disturbed)}`);
  const orphans = processesOf(disturbed).map(({ pid }) => pid);
  say(`orphans        ${orphans.length === 0 ? 'none' : orphans.join(', ')}`);
  const left = readdirSync(disturbed, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tmp$|\.tmp\//.test(name),
  );
  say(`left behind    ${left.length === 0 ? 'no temporary file' : left.join(', ')}`);
  const differing = ROLES.filter((role) => sha256(calm, steps, role) !== sha256(disturbed, steps, role));
  for (const role of ROLES) say(`${role.padEnd(14)} sha256 ${sha256(disturbed, steps, role)}`);
  say(
    differing.length === 0
      ? 'final weights  bit for bit those of the run without faults'
      : `final weights  DIFFER: ${differing.join(', ')}`,
  );
  if (differing.length + orphans.length + left.length + count('replay-differs') > 0) {
    throw new DuetError('the run under faults did not keep its promise: see above');
  }
}

/** Live tensors that the votes told, by role: a leak would show in a worker that outlived many recoveries. */
function tensorsOf(out: string): string {
  const metrics = readJournal<StepMetrics>(out, 'metrics.jsonl');
  return ROLES.map((role) => {
    const values = metrics.map(({ tensors }) => tensors[role] ?? 0);
    return `${role} ${Math.min(...values)} to ${Math.max(...values)}`;
  }).join(', ');
}

function sha256(out: string, steps: number, role: string): string {
  return createHash('sha256')
    .update(readCheckpoint(out, steps, role))
    .digest('hex');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

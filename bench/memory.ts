/** `bench memory`: is anything growing? Resident memory and live tensors early and late in a run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError } from '../common/errors.js';
import type { RunEvent, StepMetrics } from '../coordinator/run/journal/journal.js';
import { residentBytes } from '../tests/support/machine/processes.js';
import { COORDINATOR, readJournal } from '../tests/support/runs/run.js';
import { table } from './statistics.js';

const [EARLY, LATE] = [100, 1000] as const;
const POLL_MS = 50;

interface Reading {
  resident: Record<string, number>;
  tensors: Record<string, number>;
}

export async function measureMemory(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'duet-bench-'));
  const out = join(folder, 'run');
  const flags = ['--steps', String(LATE + 10), '--port', '0', '--out', out];
  const child = spawn(process.execPath, [COORDINATOR, 'start', ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  try {
    const early = await readAt(EARLY, out, child);
    const late = await readAt(LATE, out, child);
    await once(child, 'close');
    const rows = Object.keys(early.resident).map((name) => [
      name,
      mib(early.resident[name]),
      mib(late.resident[name]),
      `${((100 * ((late.resident[name] ?? 0) - (early.resident[name] ?? 0))) / (early.resident[name] ?? 1)).toFixed(1)} %`,
      String(early.tensors[name] ?? ''),
      String(late.tensors[name] ?? ''),
    ]);
    const header = [
      'process',
      `MiB at ${EARLY}`,
      `MiB at ${LATE}`,
      'change',
      `tensors at ${EARLY}`,
      `tensors at ${LATE}`,
    ];
    process.stdout.write(`${table(header, rows)}\n`);
  } finally {
    stop();
    process.off('exit', stop);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits for the step, then reads what the system says of every process. */
async function readAt(step: number, out: string, child: ChildProcess): Promise<Reading> {
  for (;;) {
    if (child.exitCode !== null)
      throw new DuetError(`the run ended with exit code ${child.exitCode} before step ${step}`);
    const metrics = readJournal<StepMetrics>(out, 'metrics.jsonl');
    const found = metrics.find((line) => line.step === step);
    if (found !== undefined) return { resident: residentMemory(out, child), tensors: found.tensors };
    if (process.stderr.isTTY) process.stderr.write(`\rstep ${metrics.at(-1)?.step ?? 0} of ${LATE} `);
    await sleep(POLL_MS);
  }
}

function residentMemory(out: string, child: ChildProcess): Record<string, number> {
  const events = readJournal<RunEvent>(out, 'events.jsonl');
  const pids = new Map(events.flatMap((e) => (e.event === 'worker-joined' ? [[e.worker, e.pid] as const] : [])));
  const roles = events.flatMap((e) => (e.event === 'role-assigned' ? [[e.role, pids.get(e.worker)] as const] : []));
  return Object.fromEntries(
    [['coordinator', child.pid] as const, ...roles].map(([name, pid]) => [name, residentBytes(pid ?? 0)]),
  );
}

function mib(bytes: number | undefined): string {
  return ((bytes ?? Number.NaN) / 2 ** 20).toFixed(0);
}

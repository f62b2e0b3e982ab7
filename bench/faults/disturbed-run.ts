/** A run under faults: its coordinator is started again whenever a fault has killed it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuetError, RefusedError, messageOf } from '../../common/errors.js';
import { runAccess } from '../../coordinator/chaos/access.js';
import { requestFault } from '../../coordinator/chaos/client.js';
import type { RunStatus } from '../../coordinator/run/status.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import { COORDINATOR, statusOf } from '../../tests/support/runs/run.js';

const POLL_MS = 20;

/** What it took from the death of a coordinator until a step came that had never been committed, milliseconds. */
export interface Restart {
  totalMs: number;
}

export class DisturbedRun {
  readonly out: string;
  readonly restarts: Restart[] = [];
  #child: ChildProcess;
  #stderr = '';
  #over: Promise<void>;

  /** @param args of `coordinator start`, without --out */
  constructor(out: string, args: readonly string[]) {
    this.out = out;
    const started = existsSync(join(out, 'config.json'));
    this.#child = this.#start(started ? ['--resume', out] : ['--out', out, ...args]);
    this.#over = this.#watch();
  }

  /** The coordinator's process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Until the run has come to its end. @throws DuetError when it came to another */
  async ended(): Promise<void> {
    await this.#over;
  }

  /** Resolves when the fault is on its way; false when the run was past it. */
  async inject(fault: Fault__Output): Promise<boolean> {
    for (;;) {
      const coordinator = this.#child;
      const { state, address, pid } = this.#status();
      if (state === 'finished') return false;
      if (address === '' || pid !== coordinator.pid) {
        await sleep(POLL_MS);
        continue;
      }
      try {
        await requestFault(runAccess(this.out), fault);
        return true;
      } catch (error) {
        // It said no. Otherwise it is down, by this very fault perhaps.
        if (error instanceof RefusedError) return await this.#again(fault, error);
        if (fault.kind === 'coordinator-kill') return true;
        await sleep(POLL_MS);
      }
    }
  }

  /** A fault whose step is over is made now; one for a role that has no worker just now, a moment later. */
  async #again(fault: Fault__Output, error: RefusedError): Promise<boolean> {
    await sleep(POLL_MS);
    if (this.#status().state === 'finished') return false;
    if (fault.atStep > 0) return await this.inject({ ...fault, atStep: 0 });
    if (/has no worker/.test(error.message)) return await this.inject(fault);
    throw new DuetError(`a fault was refused: ${messageOf(error)}`);
  }

  #start(how: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [COORDINATOR, 'start', ...how], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-4000)));
    return child;
  }

  async #watch(): Promise<void> {
    const kill = () => this.#child.kill('SIGTERM');
    process.once('exit', kill);
    try {
      for (;;) {
        const [code, signal] = (await once(this.#child, 'close')) as [number | null, string | null];
        if (code === 0) return;
        if (signal !== 'SIGKILL') throw new DuetError(`the run ended with exit code ${code}: ${this.#stderr}`);
        const died = performance.now();
        const highest = lastStep(this.out);
        this.#child = this.#start(['--resume', this.out]);
        void this.#timeRestart(died, highest, this.#child);
      }
    } finally {
      process.off('exit', kill);
    }
  }

  async #timeRestart(died: number, highest: number, child: ChildProcess): Promise<void> {
    while (lastStep(this.out) <= highest) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      await sleep(POLL_MS);
    }
    this.restarts.push({ totalMs: performance.now() - died });
  }

  #status(): Pick<RunStatus, 'state' | 'pid' | 'address'> {
    return statusOf(this.out) ?? { state: 'starting', pid: 0, address: '' };
  }
}

const TAIL_BYTES = 1 << 16;

/** Of metrics.jsonl, from its end: it grows to megabytes. A last line that is still being written does not count. */
export function lastStep(out: string): number {
  const path = join(out, 'metrics.jsonl');
  if (!existsSync(path)) return 0;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const length = readSync(file, tail, 0, tail.length, size - tail.length);
    const line = tail.toString('utf8', 0, length).split('\n').at(-2);
    return line === undefined ? 0 : (JSON.parse(line) as { step: number }).step;
  } finally {
    closeSync(file);
  }
}

/** Workers as child processes of the coordinator: one NVIDIA card each, or the CPU where there is none. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fromHere } from '../../common/hosts.js';
import type { LogLevel } from '../../common/log/log-level.js';
import { sentenceOf } from '../../common/log/log-line.js';
import { trustArgs } from '../../common/trust/files.js';
import type { NvidiaCard } from '../../gan/engine/cards.js';
import { spawnChild } from './children.js';
import type { Placement, StartOptions } from './placement.js';

/** dist/coordinator/placement/ lies three levels below the package's root. */
const WORKER = fileURLToPath(new URL('../../../worker/bin/worker.js', import.meta.url));
/** How long a worker may take to leave when it is told to, by its connection first, then by SIGTERM (which Windows makes a kill). */
const GRACE_MS = 5000;

export interface LocalOptions {
  /** Cards to share out; empty: the CPU. */
  cards: readonly NvidiaCard[];
  /** Folders of CUDA's libraries, for the loader. */
  libraryPath: readonly string[];
  /** The workers make faults on purpose. */
  allowChaos: boolean;
  /** How much the workers log. */
  logLevel: LogLevel;
}

export function localPlacement({ cards, libraryPath, allowChaos, logLevel }: LocalOptions): Placement {
  const flags = ['--log-level', logLevel, ...(allowChaos ? ['--allow-chaos'] : [])];
  /** By place: the one who takes a lost worker's place gets its card, too. */
  const children = new Map<number, ChildProcess>();
  let options: StartOptions | undefined;
  let leaving = false;
  let told = false;

  function startWorker(index: number, given: StartOptions): void {
    const child = spawnWorker(index, workerEnvironment(index, cards, libraryPath, process.env), given, flags);
    children.set(index, child);
    child.once('exit', (code, signal) => {
      const known = children.get(index) === child;
      if (known) children.delete(index);
      if (known && !leaving) given.ended(child.pid ?? 0, describeExit(index, child, code, signal, given.logs));
    });
  }

  return {
    start(given) {
      options = given;
    },
    ensure(count) {
      if (options === undefined || leaving) return;
      const { say } = options;
      if (!told) {
        told = true;
        say(`workers        ${count} processes on ${cards.length === 0 ? 'the CPU' : 'the GPU'}`);
        if (cards.length > 0 && cards.length < count) {
          say(`${count} workers share ${cards.length} NVIDIA ${cards.length === 1 ? 'card' : 'cards'}`);
        }
      }
      for (let index = 0; index < count; index += 1) if (!children.has(index)) startWorker(index, options);
    },
    owns: (pid) => [...children.values()].some((child) => child.pid === pid),
    end(pid) {
      for (const [index, child] of children) {
        if (child.pid !== pid) continue;
        children.delete(index);
        child.kill('SIGKILL');
      }
    },
    async [Symbol.asyncDispose]() {
      leaving = true;
      await Promise.all([...children.values()].map(leave));
    },
  };
}

function spawnWorker(
  index: number,
  env: NodeJS.ProcessEnv,
  { coordinator, tokenFile, trust, logs }: StartOptions,
  flags: readonly string[],
): ChildProcess {
  const log = openSync(logOf(logs, index), 'a');
  try {
    // It looks for no other coordinator when this one is gone: it belongs to it.
    const where = ['--coordinator', fromHere(coordinator), '--token-file', tokenFile, '--rejoin', '0'];
    const args = [WORKER, 'join', ...where, ...trustArgs(trust), ...flags];
    return spawnChild({ command: process.execPath, args }, { env, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

/** What makes a process see its card and nothing else of the machine's. Cards are dealt out in turn. */
export function workerEnvironment(
  index: number,
  cards: readonly NvidiaCard[],
  libraryPath: readonly string[],
  inherited: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const card = cards[index % Math.max(1, cards.length)];
  if (card === undefined) return inherited;
  const libraries = [...libraryPath, inherited['LD_LIBRARY_PATH'] ?? ''].filter((part) => part !== '').join(':');
  return { ...inherited, CUDA_VISIBLE_DEVICES: card.uuid, LD_LIBRARY_PATH: libraries };
}

function logOf(logs: string, index: number): string {
  return join(logs, `worker-${index + 1}.log`);
}

function describeExit(
  index: number,
  child: ChildProcess,
  code: number | null,
  signal: string | null,
  logs: string,
): string {
  if (signal !== null) return `worker process ${child.pid} ended with signal ${signal}`;
  // Whoever ends by itself says why last.
  const last = sentenceOf(readFileSync(logOf(logs, index), 'utf8').trim().split('\n').at(-1) ?? '');
  return `worker process ${child.pid} ended with exit code ${code}${last === '' ? '' : `: ${last}`}`;
}

/** Waits for a process that has been told to stop; insists when it does not. */
async function leave(child: ChildProcess): Promise<void> {
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  if (isGone()) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (await Promise.race([gone.then(() => true), sleep(GRACE_MS, false, { ref: false })])) return;
    child.kill(signal);
  }
  await gone;
}

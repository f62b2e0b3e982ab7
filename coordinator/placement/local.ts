/** Workers as child processes of the coordinator: one NVIDIA card each, or the CPU where there is none. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NvidiaCard } from '../../gan/engine/cards.js';
import type { Placement, StartOptions } from './placement.js';

/** dist/coordinator/placement/ lies three levels below the package's root. */
const WORKER = fileURLToPath(new URL('../../../worker/bin/worker.js', import.meta.url));
/** How long a worker may take to leave after SIGTERM. */
const GRACE_MS = 5000;

export interface LocalOptions {
  /** Cards to share out; empty: the CPU. */
  cards: readonly NvidiaCard[];
  /** Folders of CUDA's libraries, for the loader. */
  libraryPath: readonly string[];
}

export function localPlacement({ cards, libraryPath }: LocalOptions): Placement {
  const children: ChildProcess[] = [];
  let leaving = false;
  return {
    start(options) {
      const { count, say } = options;
      say(`workers        ${count} processes on ${cards.length === 0 ? 'the CPU' : 'the GPU'}`);
      if (cards.length > 0 && cards.length < count) {
        say(`${count} workers share ${cards.length} NVIDIA ${cards.length === 1 ? 'card' : 'cards'}`);
      }
      for (let index = 0; index < count; index += 1) {
        const child = spawnWorker(index, workerEnvironment(index, cards, libraryPath, process.env), options);
        child.once('exit', (code, signal) => {
          if (!leaving) options.ended(describeExit(index, child, code, signal, options.logs));
        });
        children.push(child);
      }
    },
    async [Symbol.asyncDispose]() {
      leaving = true;
      await Promise.all(children.map(leave));
    },
  };
}

function spawnWorker(
  index: number,
  env: NodeJS.ProcessEnv,
  { coordinator, tokenFile, logs }: StartOptions,
): ChildProcess {
  const log = openSync(logOf(logs, index), 'a');
  try {
    // A session of its own: Ctrl-C in the terminal is for the coordinator, which then stops the workers in order.
    return spawn(process.execPath, [WORKER, 'join', '--coordinator', coordinator, '--token-file', tokenFile], {
      detached: true,
      env,
      stdio: ['ignore', log, log],
    });
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
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const last = readFileSync(logOf(logs, index), 'utf8').trim().split('\n').at(-1) ?? '';
  return `worker process ${child.pid} ended with ${how}${last === '' ? '' : `: ${last}`}`;
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

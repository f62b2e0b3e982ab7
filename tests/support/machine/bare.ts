/** A machine with Node and nothing else: no Python, no compiler, no engine's cache, nothing else on PATH. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningCommand, command, coordinator } from '../runs/run.js';
import { WORKER } from '../wire/control-peer.js';

/** What the native engine's preparation looks for. */
const TOOLS = ['python3', 'pip', 'pip3', 'g++', 'c++', 'clang++', 'make', 'nvidia-smi'];

export interface BareMachine {
  env: NodeJS.ProcessEnv;
  /** Starts `coordinator ...args` there; disposing of it ends it, if it has not ended. */
  coordinator(...args: string[]): RunningCommand;
  /** Likewise `worker ...args`. */
  worker(...args: string[]): RunningCommand;
}

/** @param folder where it keeps its home and its PATH @param node the path of its Node */
export function bareMachine(folder: string, node: string): BareMachine {
  const [bin, home] = [join(folder, 'bin'), join(folder, 'home')];
  for (const each of [bin, home]) mkdirSync(each, { recursive: true });
  symlinkSync(node, join(bin, 'node'));
  const env = { PATH: bin, HOME: home };
  const found = TOOLS.filter((tool) => spawnSync(tool, ['--version'], { env }).error === undefined);
  if (found.length > 0) throw new Error(`this machine is not bare: it has ${found.join(', ')}`);
  return {
    env,
    coordinator: (...args) => coordinator(args, { node: join(bin, 'node'), env }),
    worker: (...args) => command(join(bin, 'node'), [WORKER, ...args], { env }),
  };
}

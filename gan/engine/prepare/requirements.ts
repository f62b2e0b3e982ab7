/** What preparing needs of the machine; everything that is missing is named at once, with its cure. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { statfs } from 'node:fs/promises';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, runProgram } from './command.js';
import type { Flavour } from './prepared.js';

export interface Tools {
  compiler: string;
  /** Folder of node_api.h. */
  nodeHeaders: string;
  /** Folder of @tensorflow/tfjs-node-gpu, whose binding/ is compiled. */
  binding: string;
}

const COMPILERS = ['g++', 'c++', 'clang++'];
/** Free space while preparing: the wheel, what it holds, and room to breathe. */
const NEEDED_BYTES: Record<Flavour, number> = { cpu: 1.5e9, cuda: 6e9 };

/** @throws EngineError naming everything that is missing */
export async function findTools(options: CommandOptions): Promise<Tools> {
  const missing: string[] = [];
  if ((await runProgram('python3', ['--version'], options)).code !== 0) {
    missing.push("Python 3 ('python3'; on Debian or Ubuntu: apt-get install python3 python3-pip)");
  } else if ((await runProgram('python3', ['-m', 'pip', '--version'], options)).code !== 0) {
    missing.push("Python's pip ('python3 -m pip'; on Debian or Ubuntu: apt-get install python3-pip)");
  }
  const compiler = findOnPath([options.env['CXX'] ?? '', ...COMPILERS], options.env);
  if (compiler === undefined) missing.push("a C++ compiler ('g++', 'c++' or 'clang++'; on Debian or Ubuntu: apt-get install g++)");
  const nodeHeaders = packageFolder('node-api-headers');
  const binding = packageFolder('@tensorflow/tfjs-node-gpu');
  if (nodeHeaders === undefined || binding === undefined) missing.push("the project's npm packages (npm ci)");
  if (missing.length === 0 && compiler && nodeHeaders && binding) {
    return { compiler, nodeHeaders: join(nodeHeaders, 'include'), binding };
  }
  throw new EngineError(`the native engine cannot be prepared, this is missing: ${missing.join('; ')}`);
}

/** @throws EngineError when the disk of the cache has too little room */
export async function assertRoom(folder: string, flavour: Flavour, space = freeBytes): Promise<void> {
  const [free, needed] = [await space(folder), NEEDED_BYTES[flavour]];
  if (free >= needed) return;
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new EngineError(
    `the disk of ${folder} has ${gb(free)} free, preparing the native engine needs ${gb(needed)}: free some, or set DUET_CACHE to a folder elsewhere`,
  );
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function findOnPath(names: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter);
  return names
    .filter((name) => name !== '')
    .find((name) => name.includes('/') ? existsSync(name) : folders.some((folder) => existsSync(join(folder, name))));
}

export function packageFolder(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

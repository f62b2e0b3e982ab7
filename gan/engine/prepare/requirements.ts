/** What preparing needs of the machine; everything that is missing is named at once, with its cure. */
import { constants, accessSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { statfs } from 'node:fs/promises';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, runProgram } from './command.js';
import { thisMachine, unfitFor } from './machine.js';
import type { Flavour } from './prepared.js';

export interface Tools {
  /** Program and first arguments: CXX may be "ccache g++". */
  compiler: [string, ...string[]];
  /** Folder of node_api.h. */
  nodeHeaders: string;
  /** Folder of @tensorflow/tfjs-node-gpu, whose binding/ is compiled. */
  binding: string;
}

export const BINDING_PACKAGE = '@tensorflow/tfjs-node-gpu';
const COMPILERS = ['g++', 'c++', 'clang++'];
/**
 * Free space while preparing. cpu: the wheel of 0.3 GB and its 0.9 GB unpacked. cuda: 1.3 GB of TensorFlow, about 4.5 GB
 * of CUDA (2.8 GB of wheels, taken one by one), and twice the largest wheel while pip moves it.
 */
const NEEDED_BYTES: Record<Flavour, number> = { cpu: 1.5e9, cuda: 8e9 };

/** @throws EngineError naming everything that is missing */
export async function findTools(options: CommandOptions): Promise<Tools> {
  const { env } = options;
  const compiler = findCompiler(env);
  const nodeHeaders = packageFolder('node-api-headers');
  const binding = packageFolder(BINDING_PACKAGE);
  const missing = [
    ...unfitFor(thisMachine()),
    await missingPython(options),
    compiler === undefined && missingCompiler(env),
    nodeHeaders === undefined && 'The npm package node-api-headers is not installed: npm ci.',
    binding === undefined && `The npm package ${BINDING_PACKAGE} is not installed: npm ci.`,
  ].filter((sentence) => typeof sentence === 'string');
  if (missing.length === 0 && compiler && nodeHeaders && binding) {
    return { compiler, nodeHeaders: join(nodeHeaders, 'include'), binding };
  }
  throw new EngineError(`the native engine cannot be prepared. ${missing.join(' ')}`);
}

async function missingPython(options: CommandOptions): Promise<string | false> {
  const install = (name: string) =>
    process.platform === 'darwin' ? 'brew install python3' : `apt-get install ${name}`;
  if (findOnPath('python3', options.env) === undefined) {
    return `Python 3 is missing, there is no python3 on PATH: ${install('python3 python3-pip')}.`;
  }
  const pip = await runProgram('python3', ['-m', 'pip', '--version'], options);
  return pip.code !== 0 && `Python's pip is missing, 'python3 -m pip --version' fails: ${install('python3-pip')}.`;
}

function missingCompiler(env: NodeJS.ProcessEnv): string {
  const install = process.platform === 'darwin' ? 'xcode-select --install' : 'apt-get install g++';
  const chosen = env['CXX']?.trim();
  if (chosen) return `The C++ compiler that CXX names, '${chosen}', is not there: unset CXX, or ${install}.`;
  return `A C++ compiler is missing, none of ${COMPILERS.join(', ')} is on PATH: ${install}.`;
}

function findCompiler(env: NodeJS.ProcessEnv): [string, ...string[]] | undefined {
  const [chosen, ...rest] = env['CXX']?.trim().split(/\s+/) ?? [];
  if (chosen) return findOnPath(chosen, env) === undefined ? undefined : [chosen, ...rest];
  const found = COMPILERS.find((name) => findOnPath(name, env) !== undefined);
  return found === undefined ? undefined : [found];
}

/** @throws EngineError when the disk of `folder` has too little room; pip's temporary files go there too */
export async function assertRoom(folder: string, flavour: Flavour, freeBytes = freeBytesOf): Promise<void> {
  const [free, needed] = [await freeBytes(folder), NEEDED_BYTES[flavour]];
  if (free >= needed) return;
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new EngineError(
    `the disk of ${folder} has ${gb(free)} free, preparing the native engine needs ${gb(needed)}: free some, or set DUET_CACHE to a folder on another disk`,
  );
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  if (name.includes('/')) return isProgram(name) ? name : undefined;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function packageFolder(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

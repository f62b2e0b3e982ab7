/** Takes what is needed out of the wheel and compiles tfjs-node's addon against it, without node-gyp. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, runProgram } from './command.js';
import { ADDON, type Flavour } from './prepared.js';
import { type Tools, packageFolder } from './requirements.js';
import { wheelFor } from './wheels.js';

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const SOURCES = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'];
const FLAGS = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'];
/** A wheel is a zip whose members are too large for memory here; Python is needed for pip anyway, and streams them. */
const UNPACK = `
import shutil, sys, zipfile
wheel, folder = sys.argv[1:3]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(tuple(sys.argv[3:])):
            archive.extract(name, folder)
`;

/** Changes when anything does that the built addon depends on. */
export function recipeOf(flavour: Flavour): string {
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, LIBRARIES, wheelFor(flavour).sha256]));
  const binding = packageFolder('@tensorflow/tfjs-node-gpu');
  if (binding === undefined) return 'no npm packages';
  for (const name of readdirSync(join(binding, 'binding')).sort()) hash.update(readFileSync(join(binding, 'binding', name)));
  return hash.digest('hex');
}

/** @throws EngineError */
export async function unpackWheel(wheel: string, folder: string, options: CommandOptions): Promise<void> {
  const members = [...LIBRARIES.map((name) => `tensorflow/${name}`), 'tensorflow/include/'];
  const { code, output } = await runProgram('python3', ['-c', UNPACK, wheel, folder, ...members], options);
  if (code !== 0) throw new EngineError(`the wheel ${wheel} cannot be unpacked: ${output.trim().split('\n').at(-1)}`);
  for (const name of LIBRARIES) renameSync(join(folder, 'tensorflow', name), join(folder, name));
}

/** Leaves the two libraries and the addon in `folder`. @throws EngineError with the compiler's first complaint */
export async function buildAddon(folder: string, tools: Tools, options: CommandOptions): Promise<string[]> {
  const args = [
    ...FLAGS,
    `-I${tools.nodeHeaders}`,
    `-I${join(folder, 'tensorflow', 'include')}`,
    `-I${tools.binding}`,
    ...SOURCES.map((source) => join(tools.binding, source)),
    '-o',
    join(folder, ADDON),
    `-L${folder}`,
    ...LIBRARIES.map((name) => `-l:${name}`),
    '-Wl,-rpath,$ORIGIN',
  ];
  const { code, output } = await runProgram(tools.compiler, args, options);
  if (code !== 0) {
    const complaint = output.split('\n').find((line) => line.includes('error')) ?? output.trim().split('\n').at(-1);
    throw new EngineError(`the native engine's addon does not compile with ${tools.compiler}: ${complaint}`);
  }
  // 287 MB of headers have served their turn.
  rmSync(join(folder, 'tensorflow'), { recursive: true });
  return [...LIBRARIES, ADDON];
}

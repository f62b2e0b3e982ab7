/** Compiles tfjs-node's addon against the unpacked TensorFlow, without node-gyp. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, lastLine, runProgram } from './command.js';
import { LIBRARY_FOLDER } from './prepared.js';
import { BINDING_PACKAGE, type Tools, packageFolder } from './requirements.js';
import { INCLUDE_FOLDER, LIBRARIES } from './unpack.js';

const SOURCES = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'];
const FLAGS = [
  ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
  // macOS was not tried.
  ...(process.platform === 'darwin'
    ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path']
    : ['-Wl,-rpath,$ORIGIN']),
];

/** Changes when anything does that the addon is compiled from; undefined before npm has installed it. */
export function recipe(): string | undefined {
  const binding = packageFolder(BINDING_PACKAGE);
  if (binding === undefined) return undefined;
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, LIBRARIES]));
  const folder = join(binding, 'binding');
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

export interface AddonBuild {
  /** Folder of an engine, with libraries and headers. */
  engine: string;
  /** File to write. */
  output: string;
  tools: Tools;
}

/** @throws EngineError with the compiler's first complaint */
export async function buildAddon({ engine, output, tools }: AddonBuild, options: CommandOptions): Promise<void> {
  const [program, ...first] = tools.compiler;
  const args = [
    ...first,
    ...FLAGS,
    `-I${tools.nodeHeaders}`,
    `-I${join(engine, INCLUDE_FOLDER)}`,
    `-I${tools.binding}`,
    ...SOURCES.map((source) => join(tools.binding, source)),
    // By path: their names end in .so.2, which -l does not look for. The addon keeps only the names.
    ...LIBRARIES.map((name) => join(engine, LIBRARY_FOLDER, name)),
    '-o',
    output,
  ];
  const { code, output: said } = await runProgram(program, args, options);
  if (code === 0) return;
  const complaint = said.split('\n').find((line) => line.includes('error')) ?? lastLine(said);
  throw new EngineError(`the native engine's addon does not compile with ${program}: ${complaint}`);
}

/** Takes the members that are needed out of a wheel. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, lastLine, runProgram } from './command.js';
import { LIBRARY_FOLDER } from './prepared.js';

/** The two libraries, by their names in the wheel. */
export const LIBRARIES =
  process.platform === 'darwin'
    ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
    : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** Folder of the headers, relative to the engine's. */
export const INCLUDE_FOLDER = `${LIBRARY_FOLDER}/include`;

/** Of 287 MB of headers the addon includes 14 (g++ -M); their folders are 1.5 MB and are kept, to recompile it with. */
const HEADERS = ['LICENSE', 'tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'];

/**
 * A wheel is a zip whose members are too large for memory here; Python is needed for pip anyway, and streams them.
 * zipfile checks every member's CRC, and keeps it from leaving the folder.
 */
const UNPACK = `
import re, sys, zipfile
wheel, folder, pattern = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if re.match(pattern, name) and not name.endswith('/'):
            archive.extract(name, folder)
`;

const READ_METADATA = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
    sys.stdout.buffer.write(archive.read(name))
`;

/** Leaves the libraries, their headers and their licence in `folder`, as they lie in the wheel. @throws EngineError */
export async function unpackTensorflow(wheel: string, folder: string, options: CommandOptions): Promise<void> {
  const names = [...LIBRARIES, ...HEADERS.map((name) => `include/${name}`)].map((name) => name.replaceAll('.', '\\.'));
  await unpack(wheel, folder, `${LIBRARY_FOLDER}/(${names.join('|')})`, options);
  for (const name of LIBRARIES) {
    if (!existsSync(join(folder, LIBRARY_FOLDER, name))) throw new EngineError(`the wheel ${wheel} holds no ${name}`);
  }
  const licence = join(folder, INCLUDE_FOLDER, 'LICENSE');
  if (existsSync(licence)) renameSync(licence, join(folder, 'LICENSE'));
}

/** Extracts the members whose names match a regular expression from their start on. @throws EngineError */
export async function unpack(wheel: string, folder: string, pattern: string, options: CommandOptions): Promise<void> {
  await runPython(UNPACK, [wheel, folder, pattern], options);
}

export async function readMetadata(wheel: string, options: CommandOptions): Promise<string> {
  return runPython(READ_METADATA, [wheel], options);
}

async function runPython(
  program: string,
  args: readonly [string, ...string[]],
  options: CommandOptions,
): Promise<string> {
  // -I: neither the working directory nor PYTHONPATH can put another zipfile in the way.
  const { code, output } = await runProgram('python3', ['-I', '-c', program, ...args], options);
  if (code === 0) return output;
  throw new EngineError(`the wheel ${args[0]} cannot be unpacked: ${lastLine(output)}`);
}

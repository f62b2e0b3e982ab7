/**
 * CUDA 12 for the cuda flavour: the wheels that TensorFlow's own wheel names under its extra "and-cuda", unpacked
 * beside it, so that a machine needs the NVIDIA driver and nothing else of CUDA.
 *
 * Not run on a machine with a card: only the list and the unpacking were tried.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, runProgram } from './command.js';

/** Where the libraries lie, relative to the engine's folder. */
export const CUDA_FOLDER = 'cuda';

const READ_METADATA = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(n for n in archive.namelist() if n.endswith('.dist-info/METADATA'))
    sys.stdout.write(archive.read(name).decode())
`;

const UNPACK_LIBRARIES = `
import os, shutil, sys, zipfile
folder = sys.argv[1]
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if '/lib/' in name and '.so' in name:
                with archive.open(name) as source, open(os.path.join(folder, os.path.basename(name)), 'wb') as target:
                    shutil.copyfileobj(source, target)
`;

/** "Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == 'and-cuda'" → "nvidia-cublas-cu12<13.0,>=12.5.3.2" */
export function cudaRequirements(metadata: string): string[] {
  return metadata.split('\n').flatMap((line) => {
    const match = /^Requires-Dist: ([^;]+); extra == ["']and-cuda["']/.exec(line);
    return match?.[1] === undefined ? [] : [match[1].replaceAll(/[ ()]/g, '')];
  });
}

/** @returns the folder's name @throws EngineError */
export async function addCudaLibraries(wheel: string, folder: string, options: CommandOptions): Promise<string> {
  const metadata = await run(['-c', READ_METADATA, wheel], options);
  const wheels = join(folder, 'cuda-wheels');
  const target = join(folder, CUDA_FOLDER);
  mkdirSync(wheels);
  mkdirSync(target);
  const download = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar', 'off'];
  await run([...download, '--dest', wheels, ...cudaRequirements(metadata)], options);
  await run(['-c', UNPACK_LIBRARIES, target, ...readdirSync(wheels).map((name) => join(wheels, name))], options);
  rmSync(wheels, { recursive: true });
  return CUDA_FOLDER;
}

async function run(args: string[], options: CommandOptions): Promise<string> {
  const { code, output } = await runProgram('python3', args, options);
  if (code === 0) return output;
  throw new EngineError(`CUDA's libraries could not be prepared: ${output.trim().split('\n').at(-1)}`);
}

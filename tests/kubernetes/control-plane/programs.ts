/** The programs of a Kubernetes control plane, built from their Go modules once into the user's cache. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLine, runProgram } from '../../../gan/engine/prepare/command.js';
import { cached, cachedFolder } from '../../support/machine/cached.js';

/** dist/tests/kubernetes/control-plane/ lies four levels below the package's root. */
const MODULES = fileURLToPath(new URL('../../../../tests/kubernetes/control-plane/', import.meta.url));
const MODULE_FILES = ['go.mod', 'go.sum', 'tools.go'];
/** An older one cannot fetch the toolchain that a go.mod asks for. */
const OLDEST_GO = [1, 21] as const;

interface Recipe {
  module: string;
  version: string;
  flags: string;
  packages: string[];
}

const KUBERNETES: Recipe = {
  module: 'kubernetes',
  version: '1.36.3',
  // Without these it calls itself v0.0.0.
  flags: ['gitVersion=v1.36.3', 'gitMajor=1', 'gitMinor=36']
    .map((variable) => `-X k8s.io/component-base/version.${variable}`)
    .join(' '),
  packages: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(
    (name) => `k8s.io/kubernetes/cmd/${name}`,
  ),
};
const ETCD: Recipe = { module: 'etcd', version: '3.6.8', flags: '', packages: ['go.etcd.io/etcd/server/v3'] };

/** Paths. */
export interface Programs {
  etcd: string;
  apiServer: string;
  controllerManager: string;
  scheduler: string;
}

/** Why it is neither built nor can be built here, or false. As the count reporter (scripts/count-reporter.js) excuses it under CI. */
export function whyNoControlPlane(): string | false {
  if (existsSync(folderOf(KUBERNETES)) && existsSync(folderOf(ETCD))) return false;
  const { status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  const cannot = 'this machine cannot build a Kubernetes control plane';
  if (status !== 0) return `${cannot}: Go is not on PATH`;
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(stdout) ?? [];
  const fits = Number(major) > OLDEST_GO[0] || Number(minor) >= OLDEST_GO[1];
  return fits ? false : `${cannot}: Go ${OLDEST_GO.join('.')} or later is needed, there is ${stdout.trim()}`;
}

/** Builds what is not there: some minutes. @throws with what Go says */
export async function prepareControlPlane(): Promise<Programs> {
  const kubernetes = await build(KUBERNETES);
  const etcd = await build(ETCD);
  return {
    // Go calls a program after its folder, and this one's is a version.
    etcd: join(etcd, 'server'),
    apiServer: join(kubernetes, 'kube-apiserver'),
    controllerManager: join(kubernetes, 'kube-controller-manager'),
    scheduler: join(kubernetes, 'kube-scheduler'),
  };
}

/** Named after all that decides what it holds, so that another recipe is built anew. */
function folderOf(recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe));
  for (const file of MODULE_FILES) hash.update(readFileSync(join(MODULES, recipe.module, file)));
  const name = `${recipe.module}-${recipe.version}-${hash.digest('hex').slice(0, 8)}-${process.arch}`;
  return cachedFolder('kubernetes', name);
}

function build(recipe: Recipe): Promise<string> {
  return cached(folderOf(recipe), async (staging) => {
    const source = join(staging, 'source');
    mkdirSync(source);
    for (const file of MODULE_FILES) copyFileSync(join(MODULES, recipe.module, file), join(source, file));
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false', GOTOOLCHAIN: 'auto' };
    // Minutes of all processors: whatever else the machine does comes first.
    const flags = ['-C', source, '-ldflags', `-s -w ${recipe.flags}`, '-o', `${staging}/`];
    const { code, output } = await runProgram('nice', ['-n', '10', 'go', 'build', ...flags, ...recipe.packages], {
      env,
    });
    if (code !== 0) throw new Error(`go build of ${recipe.module} ${recipe.version} failed: ${lastLine(output)}`);
  });
}

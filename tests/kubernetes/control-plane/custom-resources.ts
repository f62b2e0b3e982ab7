/** The custom resources that Duet's manifests use, as their own projects define them: out of their Go modules. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine, runProgram } from '../../../gan/engine/prepare/command.js';
import { cached, cachedFolder } from '../../support/machine/cached.js';

interface Definitions {
  module: string;
  version: string;
  /** Go's own checksum of the module. */
  sum: string;
  folder: string;
  files: string[];
}

const MODULES: Definitions[] = [
  {
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.21.2',
    sum: 'h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=',
    folder: 'deploy/crds',
    files: ['certificates', 'issuers', 'clusterissuers'].map((kind) => `cert-manager.io_${kind}.yaml`),
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    folder: 'example/prometheus-operator-crd',
    files: ['podmonitors', 'prometheusrules'].map((kind) => `monitoring.coreos.com_${kind}.yaml`),
  },
];

/** Fetches what is not in the cache. @returns the paths of the YAML files @throws with what Go says */
export async function prepareCustomResources(): Promise<string[]> {
  const folder = cachedFolder('kubernetes', `custom-resources-${MODULES.map(({ version }) => version).join('-')}`);
  await cached(folder, async (staging) => {
    for (const { module, version, sum, folder: inside, files } of MODULES) {
      const env = { ...process.env, GOTOOLCHAIN: 'auto', GOFLAGS: '' };
      const { code, output } = await runProgram('go', ['mod', 'download', '-json', `${module}@${version}`], { env });
      if (code !== 0) throw new Error(`go mod download ${module}@${version} failed: ${lastLine(output)}`);
      // Before it come lines of what it fetches.
      const found = JSON.parse(output.slice(output.indexOf('{'))) as { Dir: string; Sum: string };
      if (found.Sum !== sum) throw new Error(`${module} ${version} has the sum ${found.Sum}, not ${sum}`);
      for (const file of files) copyFileSync(join(found.Dir, inside, file), join(staging, file));
    }
  });
  return MODULES.flatMap(({ files }) => files.map((file) => join(folder, file)));
}

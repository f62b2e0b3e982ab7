/** Files of the deployment that are made from other ones: what `npm run manifests` writes, and what the tests compare. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

/** dist/deploy/manifests/ lies three levels below the package's root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const RULES = 'deploy/prometheus/alerts.yml';
const SCRAPES = 'deploy/prometheus/prometheus.yml';
/** Where the coordinator of this machine lists its processes, and where the one of deploy/compose.yaml does. */
const HERE = 'http://127.0.0.1:9464/sd';
const IN_COMPOSE = 'http://coordinator:9464/sd';

const header = (source: string) => `# Made by \`npm run manifests\` from ${source}: change that, not this file.\n`;

/** Content by path, relative to the root. */
export function manifests(): Map<string, string> {
  return new Map([
    ['deploy/kubernetes/components/monitoring/prometheus-rule.yaml', prometheusRule()],
    ['deploy/compose/prometheus.yml', composeScrapes()],
  ]);
}

/** The alerts as the Prometheus operator takes them; its `spec` is what Prometheus' own rule file is. */
function prometheusRule(): string {
  const spec: unknown = parse(readFileSync(join(ROOT, RULES), 'utf8'));
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {
      name: 'duet',
      namespace: 'duet',
      labels: {
        'app.kubernetes.io/name': 'duet',
        'app.kubernetes.io/part-of': 'duet',
        // kube-prometheus-stack takes what has the name of its release.
        release: 'kube-prometheus-stack',
      },
    },
    spec,
  };
  return header(RULES) + stringify(object, { lineWidth: 0 });
}

/** Prometheus' own configuration, with the coordinator's name on Compose's network. */
function composeScrapes(): string {
  const config: unknown = parse(readFileSync(join(ROOT, SCRAPES), 'utf8'));
  return header(SCRAPES) + stringify(config, { lineWidth: 0 }).replaceAll(HERE, IN_COMPOSE);
}

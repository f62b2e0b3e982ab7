/** Kubernetes manifests that are made from other files: what `npm run manifests` writes, and what the tests compare. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

/** dist/deploy/manifests/ lies three levels below the package's root. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const RULES = 'deploy/prometheus/alerts.yml';
const HEADER = `# Made by \`npm run manifests\` from ${RULES}: change that, not this file.\n`;

/** Content by path, relative to the root. */
export function manifests(): Map<string, string> {
  return new Map([['deploy/kubernetes/components/monitoring/prometheus-rule.yaml', prometheusRule()]]);
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
  return HEADER + stringify(object, { lineWidth: 0 });
}

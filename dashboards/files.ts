/** The files that the dashboards are delivered as: what `npm run dashboards` writes, and what the tests compare. */
import { stringify } from 'yaml';
import { dashboards } from './all.js';
import type { Dashboard } from './classic.js';

/** The name of Kubernetes' object, and of the folder in Grafana. */
const NAME = 'duet-dashboards';
const FOLDER = 'Duet';

const HEADER = '# Made by `npm run dashboards` from dashboards/: change the code, not this file.\n';

const KUSTOMIZATION =
  HEADER +
  stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: ['configmap.yaml'] });

/** Content by name, all in dashboards/generated/. */
export function files(): Map<string, string> {
  const built = dashboards();
  return new Map([
    ...built.map((dashboard): [string, string] => [fileName(dashboard), `${JSON.stringify(dashboard, null, 2)}\n`]),
    ['configmap.yaml', configMap(built)],
    // Kustomize reads no file outside its folder, but takes a folder elsewhere that is a kustomization.
    ['kustomization.yaml', KUSTOMIZATION],
  ]);
}

function fileName({ uid }: Dashboard): string {
  return `${uid}.json`;
}

/**
 * For the sidecar of Grafana's Helm chart (and of kube-prometheus-stack), which loads every ConfigMap of this label.
 * Without spaces: kubectl apply keeps a copy in an annotation, which takes 256 KiB.
 */
function configMap(built: readonly Dashboard[]): string {
  const data = Object.fromEntries(built.map((dashboard) => [fileName(dashboard), JSON.stringify(dashboard)]));
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: NAME,
      labels: { grafana_dashboard: '1', 'app.kubernetes.io/name': 'duet' },
      annotations: { grafana_folder: FOLDER },
    },
    data,
  };
  // The label's value is a string for Kubernetes; a bare 1 would be refused as a number.
  return HEADER + stringify(object, { lineWidth: 0, defaultStringType: 'PLAIN' });
}

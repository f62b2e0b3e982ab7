/** The Kubernetes manifests as `kubectl apply -k` would send them. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { runProgram } from '../../../gan/engine/prepare/command.js';
import { prepareKubectl } from './kubectl.js';

/** dist/tests/support/deploy/ lies four levels below the package's root. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
export const KUBERNETES = join(ROOT, 'deploy', 'kubernetes');

const labels = z.record(z.string(), z.string());
const seconds = z.int().min(1);
const probe = z.object({
  httpGet: z.object({ path: z.string(), port: z.string() }),
  periodSeconds: seconds,
  failureThreshold: seconds.default(3),
  timeoutSeconds: seconds.default(1),
});
const keyRef = z.object({ name: z.string(), key: z.string() });
const resources = z.record(z.string(), z.union([z.string(), z.number()]));
const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .object({ configMapKeyRef: keyRef.optional(), fieldRef: z.object({ fieldPath: z.string() }).optional() })
          .optional(),
      }),
    )
    .default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int() })).default([]),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources: z.object({ requests: resources, limits: resources }),
  securityContext: z.unknown().optional(),
  terminationMessagePolicy: z.string().optional(),
  volumeMounts: z
    .array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().default(false) }))
    .default([]),
});
export type Container = z.output<typeof containerSchema>;

const podSchema = z.object({
  metadata: z.object({ labels }),
  spec: z.object({
    serviceAccountName: z.string(),
    automountServiceAccountToken: z.boolean(),
    priorityClassName: z.string(),
    terminationGracePeriodSeconds: seconds,
    securityContext: z.unknown().optional(),
    runtimeClassName: z.string().optional(),
    affinity: z.unknown().optional(),
    tolerations: z.array(z.record(z.string(), z.string())).default([]),
    topologySpreadConstraints: z.array(z.object({ labelSelector: z.object({ matchLabels: labels }) })).default([]),
    containers: z.array(containerSchema),
    volumes: z
      .array(
        z.object({
          name: z.string(),
          emptyDir: z.object({ sizeLimit: z.string() }).optional(),
          secret: z.object({ secretName: z.string(), defaultMode: z.int() }).optional(),
          configMap: z.object({ name: z.string() }).optional(),
        }),
      )
      .default([]),
  }),
});

const statefulSetSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), labels }),
  spec: z.object({
    replicas: z.int(),
    serviceName: z.string(),
    podManagementPolicy: z.string().default('OrderedReady'),
    selector: z.object({ matchLabels: labels }),
    template: podSchema,
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});
export type StatefulSet = z.output<typeof statefulSetSchema>;

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional(), labels: labels.default({}) }),
});
export type KubernetesObject = z.output<typeof objectSchema>;

/** What one kustomization renders. */
export class Manifests {
  readonly objects: readonly KubernetesObject[];

  constructor(yaml: string) {
    // As the API server reads them, by YAML 1.1.
    this.objects = parseAllDocuments(yaml, { version: '1.1' }).map((document) => {
      if (document.errors[0]) throw document.errors[0];
      return objectSchema.parse(document.toJS());
    });
  }

  ofKind(kind: string): readonly KubernetesObject[] {
    return this.objects.filter((object) => object.kind === kind);
  }

  /** @throws when there is not exactly one */
  only(kind: string, name: string): KubernetesObject {
    // A generated ConfigMap carries a hash behind its name.
    const found = this.ofKind(kind).filter(({ metadata }) =>
      [metadata.name, metadata.name.replace(/-[a-z0-9]{10}$/, '')].includes(name),
    );
    if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} of ${kind} ${name}`);
    return found[0];
  }

  get statefulSets(): readonly StatefulSet[] {
    return this.ofKind('StatefulSet').map((object) => statefulSetSchema.parse(object));
  }

  statefulSet(name: string): StatefulSet {
    return statefulSetSchema.parse(this.only('StatefulSet', name));
  }

  /** The data of a generated ConfigMap. */
  config(name: string): Record<string, string> {
    return z.record(z.string(), z.string()).parse(this.only('ConfigMap', name)['data']);
  }
}

export const OVERLAYS = readdirSync(join(KUBERNETES, 'overlays')).sort();

/** Renders deploy/kubernetes/PATH. @throws with what kustomize says */
export async function render(path: string): Promise<Manifests> {
  const { code, output } = await runProgram(await prepareKubectl(), ['kustomize', join(KUBERNETES, path)], {
    env: process.env,
  });
  if (code !== 0) throw new Error(`kubectl kustomize ${path}: ${output}`);
  return new Manifests(output);
}

/** Renders a kustomization that a user would write beside ours. @param text of kustomization.yaml, in overlays/mine/ */
export async function renderMine(text: string, files: Readonly<Record<string, string>> = {}): Promise<Manifests> {
  const folder = mkdtempSync(join(KUBERNETES, 'overlays', '.mine-'));
  try {
    for (const [name, content] of Object.entries({ 'kustomization.yaml': text, ...files })) {
      writeFileSync(join(folder, name), content);
    }
    return await render(join('overlays', folder.slice(folder.lastIndexOf('/') + 1)));
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true });
  }
}

export function component(set: StatefulSet): string {
  return set.metadata.labels['app.kubernetes.io/component'] ?? '';
}

/** --key=value → value, with $(NAME) as the container's environment has it. */
export function flagsOf(container: Container, environment: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(
    container.args
      .filter((arg) => arg.startsWith('--'))
      .map((arg): [string, string] => {
        const [, flag = '', value = ''] = /^--([^=]+)=?(.*)$/s.exec(arg) ?? [];
        return [flag, value.replaceAll(/\$\((\w+)\)/g, (_, name: string) => environment[name] ?? '?')];
      }),
  );
}

/** The environment of a container as Kubernetes would make it, for the Pod `name`. @throws for a key that is not there */
export function environmentOf(manifests: Manifests, set: StatefulSet, container: Container, name: string) {
  const fields: Record<string, string> = { 'metadata.name': name, 'metadata.namespace': set.metadata.namespace };
  return Object.fromEntries(
    container.env.map(({ name: variable, value, valueFrom }) => {
      const { configMapKeyRef: ref, fieldRef } = valueFrom ?? {};
      const map =
        ref && manifests.objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === ref.name);
      const found =
        value ??
        (ref && z.record(z.string(), z.string()).parse(map?.['data'])[ref.key]) ??
        (fieldRef && fields[fieldRef.fieldPath]);
      if (found === undefined) throw new Error(`${set.metadata.name}: nothing gives ${variable}`);
      return [variable, found];
    }),
  );
}

/** The environment and the command of a container, from its Pod. */
import type { Container, EnvironmentVariable, Pod } from '../api/objects.js';
import type { Objects } from './volumes.js';

/** What is not there yet, but may come: the kubelet tries again. */
export class NotYet extends Error {}

export async function environmentOf(
  pod: Pod,
  container: Container,
  objects: Objects,
  facts: { address: string; image: Record<string, string> },
): Promise<Record<string, string>> {
  const namespace = pod.metadata.namespace ?? '';
  const environment: Record<string, string> = { ...facts.image, HOSTNAME: pod.spec.hostname ?? pod.metadata.name };
  for (const { configMapRef, secretRef, prefix = '' } of container.envFrom ?? []) {
    const kind = configMapRef ? 'configmaps' : 'secrets';
    const data = await objects.keys(kind, namespace, (configMapRef ?? secretRef)?.name ?? '');
    for (const [key, bytes] of Object.entries(data)) environment[`${prefix}${key}`] = bytes.toString();
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, pod, objects, facts.address);
    if (value !== undefined) environment[variable.name] = expand(value, environment);
  }
  return environment;
}

/** $(NAME) is a variable, $$(NAME) is not. */
export function expand(text: string, environment: Record<string, string>): string {
  return text.replace(/\$(\$?)\(([\w.-]+)\)/g, (whole, escaped: string, name: string) =>
    escaped ? whole.slice(1) : (environment[name] ?? whole),
  );
}

async function valueOf(
  { name, value, valueFrom }: EnvironmentVariable,
  pod: Pod,
  objects: Objects,
  address: string,
): Promise<string | undefined> {
  if (valueFrom === undefined) return value ?? '';
  if (valueFrom.fieldRef) return fieldOf(pod, valueFrom.fieldRef.fieldPath, address);
  const ref = valueFrom.configMapKeyRef ?? valueFrom.secretKeyRef;
  if (ref === undefined)
    throw new Error(`${name}: the stand-in for the kubelet has only fields, ConfigMaps and Secrets`);
  const kind = valueFrom.configMapKeyRef ? 'configmaps' : 'secrets';
  const data = await objects.keys(kind, pod.metadata.namespace ?? '', ref.name, ref.optional);
  if (data[ref.key] === undefined && !ref.optional) throw new NotYet(`${kind} ${ref.name} has no key ${ref.key}`);
  return data[ref.key]?.toString();
}

function fieldOf(pod: Pod, path: string, address: string): string {
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (entry) return pod.metadata[entry[1] as 'labels' | 'annotations']?.[entry[2] ?? ''] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': address,
    'status.podIPs': address,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`the stand-in for the kubelet does not know the field ${path}`);
  return value;
}

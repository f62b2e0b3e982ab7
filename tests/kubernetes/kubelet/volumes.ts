/** A Pod's volumes as folders; those of ConfigMaps and Secrets change as their objects do, all keys at once, as with a kubelet. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Api } from '../api/client.js';
import type { Claim, Item, Keys, Pod, ProjectedSource, Volume } from '../api/objects.js';
import { NotYet } from './environment.js';

export type KeyKind = 'configmaps' | 'secrets';

export interface Objects {
  /** The contents by key. @throws NotYet when the object is not there and not optional */
  keys(kind: KeyKind, namespace: string, name: string, optional?: boolean): Promise<Record<string, Buffer>>;
}

export function objectsOf(api: Api): Objects {
  return {
    async keys(kind, namespace, name, optional = false) {
      const found = await api.find<Keys>(`/api/v1/namespaces/${namespace}/${kind}/${name}`);
      if (found === undefined && !optional) throw new NotYet(`${kind} "${name}" not found`);
      const encoding = kind === 'secrets' ? 'base64' : 'utf8';
      return Object.fromEntries(
        Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]),
      );
    },
  };
}

export interface Volumes {
  /** The folder of each volume, by its name. */
  folders: ReadonlyMap<string, string>;
  /** Reads the objects again, if it has one of that kind and name. */
  refresh(kind: KeyKind, name: string): Promise<void>;
}

/** @param folder of the Pod @param claims where the data of a claim lies @throws NotYet */
export async function makeVolumes(
  pod: Pod,
  folder: string,
  objects: Objects,
  claims: (namespace: string, name: string) => Promise<string>,
): Promise<Volumes> {
  const namespace = pod.metadata.namespace ?? '';
  const group = pod.spec.securityContext?.fsGroup;
  const folders = new Map<string, string>();
  const refreshed = new Map<string, Projection>();
  for (const volume of pod.spec.volumes ?? []) {
    const path = join(folder, 'volumes', volume.name);
    folders.set(volume.name, path);
    const projection = projectionOf(volume);
    if (projection !== undefined) {
      mkdirSync(path, { recursive: true });
      await project(path, namespace, projection, objects, group);
      refreshed.set(path, projection);
    } else if (volume.emptyDir) {
      mkdirSync(path, { recursive: true });
      share(path, 0o777, group);
    } else if (volume.persistentVolumeClaim) {
      const data = await claims(namespace, volume.persistentVolumeClaim.claimName);
      share(data, 0o770, group);
      folders.set(volume.name, data);
    } else throw new Error(`volume ${volume.name}: the stand-in for the kubelet has no such volumes`);
  }
  return {
    folders,
    async refresh(kind, name) {
      for (const [path, projection] of refreshed) {
        const has = projection.sources.some(
          (source) => sourceOf(source).kind === kind && sourceOf(source).name === name,
        );
        // One that has gone leaves its files, as with a kubelet.
        if (has) await project(path, namespace, projection, objects, group).catch(ignoreNotYet);
      }
    },
  };
}

function ignoreNotYet(error: unknown): void {
  if (!(error instanceof NotYet)) throw error;
}

interface Projection {
  sources: ProjectedSource[];
  mode: number;
}

const DEFAULT_MODE = 0o644;

function projectionOf({ configMap, secret, projected }: Volume): Projection | undefined {
  if (configMap) return { sources: [{ configMap }], mode: configMap.defaultMode ?? DEFAULT_MODE };
  if (secret)
    return { sources: [{ secret: { ...secret, name: secret.secretName } }], mode: secret.defaultMode ?? DEFAULT_MODE };
  if (projected) return { sources: projected.sources, mode: projected.defaultMode ?? DEFAULT_MODE };
  return undefined;
}

function sourceOf({ configMap, secret }: ProjectedSource): {
  kind: KeyKind;
  name: string;
  items?: Item[] | undefined;
  optional: boolean;
} {
  const source = configMap ?? secret;
  if (source === undefined) throw new Error('projected volumes have only ConfigMaps and Secrets here');
  return {
    kind: configMap ? 'configmaps' : 'secrets',
    name: source.name,
    items: source.items,
    optional: source.optional ?? false,
  };
}

/** Writes all keys into a new folder, then lets ..data point to it: whoever reads sees the old or the new ones, never both. */
async function project(
  path: string,
  namespace: string,
  { sources, mode }: Projection,
  objects: Objects,
  group: number | undefined,
): Promise<void> {
  const files: { path: string; bytes: Buffer; mode: number }[] = [];
  for (const source of sources) {
    const { kind, name, items, optional } = sourceOf(source);
    const data = await objects.keys(kind, namespace, name, optional);
    const wanted: Item[] = items ?? Object.keys(data).map((key) => ({ key, path: key }));
    for (const item of wanted) {
      const bytes = data[item.key];
      if (bytes === undefined && !optional) throw new NotYet(`${kind} "${name}" has no key "${item.key}"`);
      if (bytes !== undefined) files.push({ path: item.path, bytes, mode: item.mode ?? mode });
    }
  }
  const version = `..${process.hrtime.bigint()}`;
  for (const file of files) {
    const target = join(path, version, file.path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, file.bytes);
    // A group that the Pod's processes are in may read what its mode kept for the owner, root.
    chmodSync(target, group === undefined ? file.mode : file.mode | 0o440);
    if (group !== undefined) chownSync(target, 0, group);
  }
  mkdirSync(join(path, version), { recursive: true });
  const data = join(path, '..data');
  const before = existsSync(data) ? readlinkSync(data) : undefined;
  symlinkSync(version, `${data}_tmp`);
  renameSync(`${data}_tmp`, data);
  for (const top of new Set(files.map((file) => file.path.split('/')[0] ?? ''))) {
    if (!existsSync(join(path, top))) symlinkSync(join('..data', top), join(path, top));
  }
  if (before !== undefined) rmSync(join(path, before), { recursive: true, force: true });
}

/** A folder that the Pod writes to, and the group of its processes. */
function share(path: string, mode: number, group: number | undefined): void {
  if (group !== undefined) chownSync(path, 0, group);
  // What is made in it belongs to the group, too.
  chmodSync(path, group === undefined ? mode : mode | 0o2070);
}

/** Where the data of a claim lies, once a volume is bound to it. */
export function claimsOf(api: Api): (namespace: string, name: string) => Promise<string> {
  return async (namespace, name) => {
    const claim = await api.find<Claim>(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`);
    if (!claim?.spec.volumeName) throw new NotYet(`persistentvolumeclaim "${name}" is not bound`);
    const path = `/api/v1/persistentvolumes/${claim.spec.volumeName}`;
    const volume = await api.get<{ spec: { hostPath: { path: string } } }>(path);
    mkdirSync(volume.spec.hostPath.path, { recursive: true });
    return volume.spec.hostPath.path;
  };
}

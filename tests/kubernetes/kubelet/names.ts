/** What the cluster's DNS would say, as a hosts file for each Pod: from the EndpointSlices of the real controller. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from '../api/client.js';
import type { EndpointSlice } from '../api/objects.js';
import { watch } from '../api/watch.js';

const SERVICE = 'kubernetes.io/service-name';

export interface Names {
  /** Keeps a file named hosts in a folder up to date, until `stop`: as a Pod of that namespace would be told. @param own the Pod's own lines */
  follow(namespace: string, folder: string, own: string): { stop(): void };
}

export function followNames(api: Api, signal: AbortSignal): Names {
  const slices = new Map<string, EndpointSlice>();
  const files = new Set<{ namespace: string; folder: string; own: string }>();
  const write = ({ namespace, folder, own }: { namespace: string; folder: string; own: string }) => {
    const text = `127.0.0.1 localhost\n${own}\n${linesOf([...slices.values()], namespace).join('\n')}\n`;
    mkdirSync(folder, { recursive: true });
    // In one go: who reads it at this moment must not find a name missing that is there before and after.
    writeFileSync(join(folder, 'hosts.new'), text);
    renameSync(join(folder, 'hosts.new'), join(folder, 'hosts'));
  };
  void watch<EndpointSlice>(api, '/apis/discovery.k8s.io/v1/endpointslices', signal, (slice, change) => {
    if (change === 'there') slices.set(slice.metadata.uid, slice);
    else slices.delete(slice.metadata.uid);
    for (const file of files) write(file);
  });
  return {
    follow(namespace, folder, own) {
      const file = { namespace, folder, own };
      files.add(file);
      write(file);
      return { stop: () => void files.delete(file) };
    },
  };
}

/** A name of a Service is told with the addresses of its Pods, which is right for a headless one only: there is no kube-proxy here. */
function linesOf(slices: readonly EndpointSlice[], from: string): string[] {
  return slices.flatMap(({ metadata, endpoints }) => {
    const [service, namespace] = [metadata.labels?.[SERVICE] ?? '', metadata.namespace ?? ''];
    return (endpoints ?? []).flatMap(({ addresses, hostname, conditions }) => {
      if (conditions?.ready === false) return [];
      const names = [service, ...(hostname === undefined ? [] : [`${hostname}.${service}`])].flatMap((name) => [
        // Through the search list of a Pod's resolv.conf.
        ...(namespace === from ? [name] : []),
        ...['', '.svc', '.svc.cluster.local'].map((suffix) => `${name}.${namespace}${suffix}`),
      ]);
      return addresses.map((address) => `${address} ${names.join(' ')}`);
    });
  });
}

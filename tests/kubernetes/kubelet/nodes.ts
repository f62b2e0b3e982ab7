/** Nodes of a cluster that exist on the API server only, but for their signs of life. */
import type { Api } from '../api/client.js';

export interface NodeSpec {
  name: string;
  gpus: number;
  zone?: string;
  labels?: Record<string, string>;
  taints?: { key: string; value?: string; effect: string }[];
}

const HEARTBEAT_MS = 2000;

/** Registers a node that is ready, and renews its lease until the signal. */
export async function addNode(api: Api, spec: NodeSpec, signal: AbortSignal): Promise<void> {
  const { name, zone = 'zone-a', labels = {}, taints = [] } = spec;
  await api.create('/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': zone,
        ...(spec.gpus > 0 ? { 'nvidia.com/gpu.present': 'true' } : {}),
        ...labels,
      },
    },
    spec: { taints },
  });
  const resources = {
    cpu: '64',
    memory: '256Gi',
    pods: '32',
    'ephemeral-storage': '1Ti',
    'nvidia.com/gpu': String(spec.gpus),
  };
  const now = () => new Date().toISOString();
  await api.patch(`/api/v1/nodes/${name}/status`, {
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now(), lastTransitionTime: now() },
      ],
      addresses: [{ type: 'Hostname', address: name }],
      nodeInfo: { kubeletVersion: 'v1.36.3', operatingSystem: 'linux', architecture: 'amd64' },
    },
  });
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  // Microseconds, as its type wants.
  const renewTime = () => now().replace('Z', '000Z');
  await api.create(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: renewTime() },
  });
  const timer = setInterval(() => {
    // One that is missed is made up for by the next.
    api.patch(`${leases}/${name}`, { spec: { renewTime: renewTime() } }).catch(() => undefined);
  }, HEARTBEAT_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** What a device plugin does whose card has failed, or is back. */
export async function setGpus(api: Api, node: string, gpus: number): Promise<void> {
  const resources = { 'nvidia.com/gpu': String(gpus) };
  await api.patch(`/api/v1/nodes/${node}/status`, { status: { capacity: resources, allocatable: resources } });
}

/** The network of the Pods: a namespace and an address each, joined by a bridge in one more namespace, where the node's probes come from. */
import { spawnSync } from 'node:child_process';
import { inside, ip } from '../../support/hosts/hosts.js';

export interface PodNetwork {
  /** Where `ip netns` has it: a path for nsenter. */
  namespace: string;
  address: string;
  remove(): void;
}

export interface Network extends Disposable {
  /** The namespace that the bridge is in, and from which every Pod can be reached. */
  bridge: string;
  addPod(): PodNetwork;
}

let made = 0;

/** @throws when the system does not allow it */
export function makeNetwork(): Network {
  made += 1;
  // Tests in other processes have networks, too.
  const prefix = `duet-kube-${process.pid}-${made}`;
  const bridge = `${prefix}-net`;
  const pods = new Set<PodNetwork>();
  let last = 0;
  ip('netns', 'add', bridge);
  inside(bridge, 'ip', 'link', 'set', 'lo', 'up');
  inside(bridge, 'ip', 'link', 'add', 'bridge', 'type', 'bridge');
  inside(bridge, 'ip', 'address', 'add', '10.244.0.1/16', 'dev', 'bridge');
  inside(bridge, 'ip', 'link', 'set', 'bridge', 'up');
  return {
    bridge,
    addPod() {
      // Never an address again: who still believes in the old Pod must not find another one there.
      last += 1;
      const [name, port] = [`${prefix}-pod-${last}`, `port-${last}`];
      const address = `10.244.${(last >> 8) + 1}.${last & 255}`;
      const pod = {
        namespace: `/run/netns/${name}`,
        address,
        remove() {
          pods.delete(pod);
          spawnSync('ip', ['netns', 'delete', name]);
        },
      };
      pods.add(pod);
      ip('netns', 'add', name);
      inside(name, 'ip', 'link', 'set', 'lo', 'up');
      inside(bridge, 'ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      inside(bridge, 'ip', 'link', 'set', port, 'master', 'bridge', 'up');
      inside(name, 'ip', 'address', 'add', `${address}/16`, 'dev', 'eth0');
      inside(name, 'ip', 'link', 'set', 'eth0', 'up');
      return pod;
    },
    [Symbol.dispose]() {
      for (const pod of pods) pod.remove();
      spawnSync('ip', ['netns', 'delete', bridge]);
    },
  };
}

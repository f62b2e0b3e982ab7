/**
 * Several hosts on this machine: network namespaces, each with an address of its own, joined by veth pairs to a bridge in
 * one more namespace. Links can be delayed, slowed down, cut, silenced and healed. Needs CAP_NET_ADMIN and iproute2.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';

/** Why tests with hosts are skipped here, or false. */
export function whyNoHosts(): string | false {
  return reasonOf('network namespaces', () => {
    using _hosts = makeHosts(1);
  });
}

/** Why links cannot be delayed or made to lose packets here, or false: the kernel's netem may be missing. */
export function whyNoDelay(): string | false {
  return (
    whyNoHosts() ||
    reasonOf('delayed links (netem)', () => {
      using hosts = makeHosts(1);
      hosts.link(0).delay(1);
    })
  );
}

/** It begins as the count reporter (scripts/count-reporter.js) wants it for what is excused under CI. */
function reasonOf(what: string, attempt: () => void): string | false {
  try {
    attempt();
    return false;
  } catch (error) {
    return `this machine cannot make ${what}: ${String(error instanceof Error ? error.message : error).split('\n')[0]}`;
  }
}

export interface Link {
  /** Everything, each way, comes so many milliseconds later. */
  delay(milliseconds: number): void;
  /** So many of a hundred packets are lost, each way. */
  lose(percent: number): void;
  /** So many kilobits a second fit, each way; what does not fit waits for up to `queueMs`, or is lost. */
  slow(kilobits: number, queueMs?: number): void;
  /** The cable is pulled: the host's card has no carrier. */
  cut(): void;
  /** Nothing passes any more, and nobody is told. */
  silence(): void;
  /** As new. */
  heal(): void;
}

export interface Hosts extends Disposable {
  addressOf(host: number): string;
  /** Starts a process in a host; it ends with the hosts. */
  exec(host: number, argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** A host's connection to all others. */
  link(host: number): Link;
  /** Nothing passes between these two, and nobody is told; all else does. */
  part(one: number, other: number): void;
  /** Undoes `part`. */
  join(one: number, other: number): void;
}

let made = 0;

/** @throws when the system does not allow it */
export function makeHosts(count: number): Hosts {
  made += 1;
  // Other tests, in other processes, have hosts, too.
  const prefix = `duet-${process.pid}-${made}`;
  const numbers = Array.from({ length: count }, (_, host) => host);
  const nameOf = (host: number) => `${prefix}-host-${host}`;
  const bridge = `${prefix}-net`;
  const children: ChildProcess[] = [];
  const dispose = () => {
    for (const child of children) child.kill('SIGKILL');
    // What is in a namespace goes with it: cards, addresses, the bridge.
    for (const name of [...numbers.map(nameOf), bridge]) spawnSync('ip', ['netns', 'delete', name]);
  };
  try {
    ip('netns', 'add', bridge);
    inside(bridge, 'ip', 'link', 'add', 'bridge', 'type', 'bridge');
    inside(bridge, 'ip', 'link', 'set', 'bridge', 'up');
    for (const host of numbers) addHost(nameOf(host), bridge, host);
  } catch (error) {
    dispose();
    throw error;
  }
  const nowhere = (host: number, other: number) => [
    addressOf(other),
    'dev',
    'eth0',
    'lladdr',
    `02:ff:00:00:00:${hex(host)}`,
  ];
  return {
    addressOf,
    exec(host, argv, options = {}) {
      // `ip netns exec` becomes the command: the process id is the command's own.
      const child = spawn('ip', ['netns', 'exec', nameOf(host), ...argv], options);
      children.push(child);
      return child;
    },
    link: (host) => linkOf(nameOf(host), bridge, portOf(host)),
    part(one, other) {
      // To a card that nobody has: such packets reach no one. Routes and filters would tell the sender, or need modules.
      inside(nameOf(one), 'ip', 'neigh', 'replace', ...nowhere(one, other), 'nud', 'permanent');
      inside(nameOf(other), 'ip', 'neigh', 'replace', ...nowhere(other, one), 'nud', 'permanent');
    },
    join(one, other) {
      inside(nameOf(one), 'ip', 'neigh', 'del', ...nowhere(one, other));
      inside(nameOf(other), 'ip', 'neigh', 'del', ...nowhere(other, one));
    },
    [Symbol.dispose]: dispose,
  };
}

function addHost(name: string, bridge: string, host: number): void {
  ip('netns', 'add', name);
  inside(name, 'ip', 'link', 'set', 'lo', 'up');
  inside(bridge, 'ip', 'link', 'add', portOf(host), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  inside(bridge, 'ip', 'link', 'set', portOf(host), 'master', 'bridge', 'up');
  inside(name, 'ip', 'address', 'add', `${addressOf(host)}/24`, 'dev', 'eth0');
  inside(name, 'ip', 'link', 'set', 'eth0', 'up');
}

function linkOf(name: string, bridge: string, port: string): Link {
  const shape = (...qdisc: string[]) => {
    inside(name, 'tc', 'qdisc', 'replace', 'dev', 'eth0', 'root', ...qdisc);
    inside(bridge, 'tc', 'qdisc', 'replace', 'dev', port, 'root', ...qdisc);
  };
  return {
    delay: (milliseconds) => shape('netem', 'delay', `${milliseconds}ms`, 'limit', '100000'),
    lose: (percent) => shape('netem', 'loss', `${percent}%`),
    slow: (kilobits, queueMs = 1000) =>
      shape('tbf', 'rate', `${kilobits}kbit`, 'burst', '32kbit', 'latency', `${queueMs}ms`),
    cut: () => inside(bridge, 'ip', 'link', 'set', port, 'down'),
    silence: () => inside(bridge, 'ip', 'link', 'set', port, 'nomaster'),
    heal() {
      inside(bridge, 'ip', 'link', 'set', port, 'master', 'bridge', 'up');
      // There is none to delete where none was set.
      spawnSync('ip', ['netns', 'exec', name, 'tc', 'qdisc', 'del', 'dev', 'eth0', 'root']);
      spawnSync('ip', ['netns', 'exec', bridge, 'tc', 'qdisc', 'del', 'dev', port, 'root']);
    },
  };
}

function addressOf(host: number): string {
  return `10.77.0.${host + 1}`;
}

/** The bridge's end of a host's cable. */
function portOf(host: number): string {
  return `port-${host}`;
}

function hex(host: number): string {
  return (host + 1).toString(16).padStart(2, '0');
}

/** Runs a command in a network namespace to its end. @throws with what it says when it fails */
export function inside(namespace: string, ...command: string[]): void {
  ip('netns', 'exec', namespace, ...command);
}

/** iproute2's. @throws with what it says when it fails */
export function ip(...args: string[]): void {
  const { error, status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (error) throw new Error(`ip: ${error.message}`);
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}

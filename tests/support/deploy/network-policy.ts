/** What Kubernetes' NetworkPolicies let through: the part of their language that ours are written in, and no more. */
import { z } from 'zod';
import type { Manifests } from './manifests.js';

const labels = z.record(z.string(), z.string());
const selector = z.strictObject({ matchLabels: labels.optional() });
const peer = z.strictObject({ podSelector: selector.optional(), namespaceSelector: selector.optional() });
const ports = z.array(z.strictObject({ protocol: z.enum(['TCP', 'UDP']), port: z.int() }));
const policySchema = z.strictObject({
  podSelector: selector,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
  ingress: z.array(z.strictObject({ from: z.array(peer).optional(), ports })).default([]),
  egress: z.array(z.strictObject({ to: z.array(peer).optional(), ports })).default([]),
});
type Policy = z.output<typeof policySchema>;
type Selector = z.output<typeof selector>;
type Peer = z.output<typeof peer>;

export interface Endpoint {
  name: string;
  namespace: string;
  namespaceLabels: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
}

export interface Connection {
  protocol: 'TCP' | 'UDP';
  port: number;
}

const fits = ({ matchLabels = {} }: Selector, having: Readonly<Record<string, string>>) =>
  Object.entries(matchLabels).every(([key, value]) => having[key] === value);

export class NetworkPolicies {
  readonly #policies: readonly Policy[];
  readonly #namespace: string;

  constructor(manifests: Manifests, namespace = 'duet') {
    this.#policies = manifests.ofKind('NetworkPolicy').map(({ spec, metadata }) => {
      if (metadata.namespace !== namespace) throw new Error(`the policy ${metadata.name} is not in ${namespace}`);
      return policySchema.parse(spec);
    });
    this.#namespace = namespace;
  }

  /** Both ends have to let a connection through; an end outside our namespace does. */
  allow(from: Endpoint, to: Endpoint, connection: Connection): boolean {
    return this.#direction('Egress', from, to, connection) && this.#direction('Ingress', to, from, connection);
  }

  #direction(type: 'Ingress' | 'Egress', subject: Endpoint, other: Endpoint, { protocol, port }: Connection): boolean {
    if (subject.namespace !== this.#namespace) return true;
    const mine = this.#policies.filter(
      ({ podSelector, policyTypes }) => policyTypes.includes(type) && fits(podSelector, subject.labels),
    );
    if (mine.length === 0) return true;
    const rules = mine.flatMap((policy) =>
      type === 'Ingress'
        ? policy.ingress.map((rule) => ({ peers: rule.from, ports: rule.ports }))
        : policy.egress.map((rule) => ({ peers: rule.to, ports: rule.ports })),
    );
    return rules.some(
      ({ peers, ports: open }) =>
        open.some((each) => each.protocol === protocol && each.port === port) &&
        (peers === undefined || peers.some((each) => this.#isPeer(each, subject, other))),
    );
  }

  #isPeer({ podSelector, namespaceSelector }: Peer, subject: Endpoint, other: Endpoint): boolean {
    const rightNamespace =
      namespaceSelector === undefined
        ? other.namespace === subject.namespace
        : fits(namespaceSelector, other.namespaceLabels);
    return rightNamespace && (podSelector === undefined || fits(podSelector, other.labels));
  }
}

/** Made-up evidence for the diagnosis: a healthy role, with what matters set. */
import type { Deadlines, Evidence, Suspicion } from '../../../coordinator/training/faults/evidence.js';

export const DEADLINES: Deadlines = { heartbeatMs: 10_000, stepMs: 60_000, roundTripMs: 2000, startMs: 600_000 };

export function evidenceOf(role: string, change: Partial<Evidence> = {}): Evidence {
  return {
    role,
    silentMs: 200,
    phase: 'between-steps',
    phaseMs: 100,
    voted: false,
    computeMs: Array<number>(12).fill(100),
    peers: [],
    ...change,
  };
}

export type Peer = Evidence['peers'][number];

export function peer(role: string, silentMs = 300, roundTripMs = 2): Peer {
  return { role, silentMs, roundTripMs };
}

/** A discriminator and generators that hear each other, in the middle of a step. */
export function crew(changes: Readonly<Record<string, Partial<Evidence>>> = {}, generators = 2): Evidence[] {
  const names = Array.from({ length: generators }, (_, i) => `generator-${i + 1}`);
  return [
    evidenceOf('discriminator', {
      phase: 'wait-activations',
      peers: names.map((name) => peer(name)),
      ...changes['discriminator'],
    }),
    ...names.map((name) =>
      evidenceOf(name, { phase: 'wait-gradients', peers: [peer('discriminator')], ...changes[name] }),
    ),
  ];
}

/** role, cause, action and the other end, as one word each. */
export function named(suspicions: readonly Suspicion[]): string[] {
  return suspicions.map(({ role, cause, action, peer: other }) =>
    [action, role, cause, ...(other === undefined ? [] : [other])].join(' '),
  );
}

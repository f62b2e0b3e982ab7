/** What a simulated worker says: messages of the size and the fields of a real one's. */
import type { Begin__Output } from '../../proto/generated/duet/v1/Begin.js';
import type { Peer } from '../../proto/generated/duet/v1/Peer.js';
import type { Phase } from '../../proto/generated/duet/v1/Phase.js';
import type { Vote } from '../../proto/generated/duet/v1/Vote.js';

const BATCH = 64;
/** Layers of the discriminator whose singular values are measured. */
const LAYERS = ['conv-1', 'conv-2', 'dense'];
/** Shares of a step: what a generator, and the discriminator, spends it on. */
const PHASES = {
  generator: { forward: 0.2, 'wait-gradients': 0.5, backward: 0.3 },
  discriminator: { 'real-half': 0.3, 'wait-activations': 0.2, update: 0.3, judge: 0.2 },
} as const;

interface Waits {
  /** From the vote before to its commit, and this step's own; milliseconds. */
  commitMs: number;
  computeMs: number;
}

export function voteOf(role: string, generators: number, begin: Begin__Output, waits: Waits): Vote {
  const { epoch, step, signals } = begin;
  const kind = role === 'discriminator' ? role : 'generator';
  const common = { epoch, step, gradientNorm: figure(step, role.length), phases: phasesOf(kind, waits) };
  if (kind === 'generator') {
    const plainLoss = figure(step, Number(role.split('-')[1]));
    return { ...common, loss: plainLoss / generators, plainLoss, tensors: 34 };
  }
  return {
    ...common,
    loss: figure(step, 0),
    tensors: 23,
    verdicts: verdictsOf(step, generators + 1),
    scores: Array.from({ length: generators + 1 }, (_, i) => figure(step, i) / 2),
    ...(signals ? { signals: signalsOf(step, generators) } : {}),
  };
}

function phasesOf(kind: keyof typeof PHASES, { commitMs, computeMs }: Waits): Phase[] {
  const own = Object.entries(PHASES[kind]).map(([name, share]) => ({ name, milliseconds: share * computeMs }));
  return [{ name: 'wait-commit', milliseconds: commitMs }, { name: 'commit', milliseconds: 0.1 }, ...own];
}

/** Every sample of the batch has one winner. */
function verdictsOf(step: number, judged: number): number[] {
  const won = new Array<number>(judged).fill(0);
  for (let sample = 0; sample < BATCH; sample += 1) {
    const winner = sample < BATCH / 2 ? 0 : (step + sample) % judged;
    won[winner] = (won[winner] ?? 0) + 1;
  }
  return won;
}

function signalsOf(step: number, generators: number) {
  return {
    sigma: Object.fromEntries(LAYERS.map((name, i) => [name, 1 + figure(step, i)])),
    diversity: Array.from({ length: generators }, (_, i) => 0.6 + 0.2 * figure(step, i)),
    updateShare: new Array<number>(generators).fill(1 / generators),
  };
}

/** The other ends of a role's exchange, as its heartbeats tell of them. */
export function peersOf(role: string, generators: number): Peer[] {
  const roles =
    role === 'discriminator' ? Array.from({ length: generators }, (_, i) => `generator-${i + 1}`) : ['discriminator'];
  return roles.map((each) => ({ role: each, silentMs: 250, roundTripMs: 1 }));
}

/** A number between 0.2 and 1.8 with all the digits that a computed one has. */
function figure(step: number, of: number): number {
  return 1 + 0.8 * Math.sin(step * 0.37 + of * 1.7);
}

/** Which faults are made, whose and when: all of it follows from a seed. */
import { peersOf } from '../../coordinator/chaos/check.js';
import { pick } from '../../coordinator/chaos/draw.js';
import { type RandomStream, randomStream, uniform } from '../../gan/random.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import type { FaultKind } from '../../common/faults.js';

/** Of a hundred. The quick ones are the more frequent, so that a thousand fit into an hour. */
const SHARES: Readonly<Record<FaultKind, number>> = {
  kill: 45,
  nan: 36,
  'corrupt-checkpoint': 6,
  delay: 6,
  'coordinator-kill': 2,
  stop: 2,
  partition: 2,
  slow: 1,
};

/** Steps before the first fault, between two, and after the last. */
const [BEFORE, BETWEEN, AFTER] = [40, 12, 60] as const;

export function stepsFor(count: number): number {
  return BEFORE + BETWEEN * count + AFTER;
}

export function plannedFault(seed: number, index: number, roles: readonly string[]): Fault__Output {
  const stream = randomStream(seed, 'bench faults', index);
  const kind = drawKind(stream);
  const atStep = BEFORE + BETWEEN * index + Math.floor(uniform(stream) * (BETWEEN / 2));
  const ofCoordinator = kind === 'corrupt-checkpoint' || kind === 'coordinator-kill';
  const role = ofCoordinator ? '' : pick(stream, roles);
  const peer = kind === 'delay' || kind === 'partition' ? pick(stream, peersOf(role, roles)) : '';
  const heals = uniform(stream) < 0.5;
  const lasts: Partial<Record<FaultKind, number>> = { delay: 1000, partition: heals ? 4000 : 0 };
  const delays: Partial<Record<FaultKind, number>> = { delay: 100, slow: 1500 };
  return { kind, role, peer, atStep, milliseconds: lasts[kind] ?? 0, delayMs: delays[kind] ?? 0 };
}

function drawKind(stream: RandomStream): FaultKind {
  let left = uniform(stream) * 100;
  for (const [kind, share] of Object.entries(SHARES)) {
    left -= share;
    if (left < 0) return kind as FaultKind;
  }
  return 'kill';
}

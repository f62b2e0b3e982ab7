/** Faults at random: which, whose and when follow from a seed. */
import { WORKER_FAULTS, type FaultKind, LASTING_FAULTS, LINK_FAULTS, SLOWING_FAULTS } from '../../common/faults.js';
import { type RandomStream, randomStream, uniform } from '../../gan/random.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';
import { peersOf } from './check.js';

export interface DrawOptions {
  seed: number;
  /** Mean of the exponential waits. */
  everyMs: number;
  kinds: readonly FaultKind[];
  /** Whose workers may be hit. */
  targets: readonly string[];
  /** Of the run, discriminator first. */
  roles: readonly string[];
  /** How long those last that last; 0: for ever. */
  forMs: number;
  delayMs: number;
}

/** @param index of the fault, from 0: a draw depends on nothing that happened before it */
export function drawFault(options: DrawOptions, index: number): { waitMs: number; fault: Fault__Output } {
  const stream = randomStream(options.seed, 'chaos', index);
  const waitMs = -options.everyMs * Math.log(uniform(stream));
  const kind = pick(stream, options.kinds);
  const role = WORKER_FAULTS.some((name) => name === kind) ? pick(stream, options.targets) : '';
  const peer = LINK_FAULTS.includes(kind) ? pick(stream, peersOf(role, options.roles)) : '';
  return { waitMs, fault: newFault({ kind, role, peer }, options) };
}

/** A fault with the times that belong to its kind. */
export function newFault(
  { kind, role, peer, atStep = 0 }: Pick<Fault__Output, 'kind' | 'role' | 'peer'> & { atStep?: number },
  { forMs, delayMs }: Pick<DrawOptions, 'forMs' | 'delayMs'>,
): Fault__Output {
  return {
    kind,
    role,
    peer,
    atStep,
    milliseconds: LASTING_FAULTS.includes(kind) ? forMs : 0,
    delayMs: SLOWING_FAULTS.includes(kind) ? delayMs : 0,
  };
}

export function pick<T>(stream: RandomStream, values: readonly T[]): T {
  return values[Math.floor(uniform(stream) * values.length)] as T;
}

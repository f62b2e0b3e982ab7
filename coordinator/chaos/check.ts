/** Whether a fault that was asked for can be made, and by whose worker. Pure, and says why not. */
import { RefusedError } from '../../common/errors.js';
import { FAULT_KINDS, LINK_FAULTS, LONGEST_MS, WORKER_FAULTS, isFaultKind } from '../../common/faults.js';
import { nearestOf } from '../../common/nearest.js';
import type { Fault__Output } from '../../proto/generated/duet/v1/Fault.js';

const DISCRIMINATOR = 'discriminator';
const COORDINATOR = 'coordinator';

/** What a worker is sent, and which. */
export interface Order {
  /** Whose worker makes it; undefined: the coordinator itself. */
  role: string | undefined;
  fault: Fault__Output;
}

/**
 * @param roles of the run, discriminator first
 * @param steps of the run
 * @throws RefusedError INVALID_ARGUMENT
 */
export function checkFault(fault: Fault__Output, roles: readonly string[], steps: number): Order {
  const { kind, role, peer, atStep, milliseconds, delayMs } = fault;
  if (!isFaultKind(kind)) {
    throw invalid(
      `there is no fault '${kind}'${nearestOf(kind, FAULT_KINDS)}: choose one of ${FAULT_KINDS.join(', ')}`,
    );
  }
  if (atStep > steps) throw invalid(`step ${atStep} never begins: the run ends with step ${steps}`);
  if (milliseconds > LONGEST_MS || delayMs > LONGEST_MS) {
    throw invalid(`${Math.max(milliseconds, delayMs)} ms are too long for a fault: give at most ${LONGEST_MS}`);
  }
  if (!WORKER_FAULTS.some((name) => name === kind)) return { role: undefined, fault };
  if (!roles.includes(role)) {
    throw invalid(`there is no role '${role}' in this run${nearestOf(role, roles)}: it has ${roles.join(', ')}`);
  }
  if (!LINK_FAULTS.includes(kind)) return { role, fault };
  const peers = peersOf(role, roles);
  if (!peers.includes(peer)) {
    throw invalid(`${role} has no connection to '${peer}'${nearestOf(peer, peers)}: choose one of ${peers.join(', ')}`);
  }
  // The line between two roles is in the generator's hands: it is the one that connects.
  if (role === DISCRIMINATOR && peer !== COORDINATOR) {
    return { role: peer, fault: { ...fault, role: peer, peer: DISCRIMINATOR } };
  }
  return { role, fault };
}

/** To whom the worker of a role has connections. */
export function peersOf(role: string, roles: readonly string[]): string[] {
  const others = role === DISCRIMINATOR ? roles.filter((other) => other !== DISCRIMINATOR) : [DISCRIMINATOR];
  return [COORDINATOR, ...others];
}

function invalid(reason: string): RefusedError {
  return new RefusedError('INVALID_ARGUMENT', reason);
}

/**
 * What is wrong with the workers of a run, from what is known of each at one moment. Pure: the clock is in the evidence.
 * Every rule with its deadline: docs/faults.md.
 */
import {
  type Deadlines,
  type Diagnosis,
  type Evidence,
  type Suspicion,
  isComputing,
  isIdle,
  isStarting,
  shownMs,
} from './evidence.js';
import { troubledLinks } from './links.js';
import { isSilent, silentRoles } from './silence.js';
import { hangingRoles, slowedRoles } from './slowness.js';

/**
 * @param evidence one of every role that has a worker, in any order
 * @param stepMs since the step in progress began; 0 between steps
 * @returns suspicions in the order of the evidence; at most one eviction a role
 */
export function diagnose(evidence: readonly Evidence[], stepMs: number, deadlines: Deadlines): Diagnosis {
  if (evidence.length > 0 && evidence.every((of) => isSilent(of, deadlines))) {
    return {
      suspicions: [],
      heldBack: `no worker was heard of for ${shownMs(deadlines.heartbeatMs)}: the coordinator's own network or machine is at fault, and nobody is evicted`,
    };
  }
  const links = troubledLinks(evidence, stepMs, deadlines);
  const hanging = hangingRoles(evidence, stepMs, deadlines);
  const slowed = slowedRoles(evidence, deadlines);
  const start = slowStarts(evidence, deadlines);
  const found = settled([
    ...silentRoles(evidence, deadlines),
    ...[links, hanging, slowed, start].flatMap(({ suspicions }) => suspicions),
  ]);
  // What a slow link delays is not lost.
  const suspicions = found.length > 0 ? found : stuckRoles(evidence, stepMs, deadlines);
  const acts = suspicions.some(({ action }) => action !== 'tell');
  const heldBack = acts ? undefined : (links.heldBack ?? slowed.heldBack ?? hanging.heldBack ?? start.heldBack);
  return { suspicions: inOrder(suspicions, evidence), ...(heldBack === undefined ? {} : { heldBack }) };
}

/** A start that does not end. Of one that has just begun nothing but silence counts. */
function slowStarts(evidence: readonly Evidence[], deadlines: Deadlines): Diagnosis {
  const present = evidence.filter((of) => !isSilent(of, deadlines));
  const late = present.filter((of) => isStarting(of) && of.phaseMs > deadlines.startMs);
  if (late.length > 1 && late.length === present.length) {
    return {
      suspicions: [],
      heldBack: `every worker has been starting for over ${shownMs(deadlines.startMs)}: the machine is busy, and nobody is evicted`,
    };
  }
  return {
    suspicions: late.map(({ role, phase, phaseMs }) => ({
      role,
      cause: 'slow-start',
      reason: `it has been ${phase} for ${shownMs(phaseMs)}, over the ${shownMs(deadlines.startMs)} that a start may take`,
      action: 'evict',
    })),
  };
}

/**
 * A step that is overdue although nobody computes: whoever is waited for waits as well, so a message is lost. The generators
 * that wait are named, since a replay opens their exchanges anew; the discriminator only when no generator is.
 */
function stuckRoles(evidence: readonly Evidence[], stepMs: number, deadlines: Deadlines): Suspicion[] {
  if (stepMs <= deadlines.stepMs) return [];
  const missing = evidence.filter((of) => !of.voted);
  if (missing.some((of) => isComputing(of) || isStarting(of))) return [];
  const generators = missing.filter(({ role }) => role !== 'discriminator');
  return (generators.length > 0 ? generators : missing).map((of) => {
    const peer = isIdle(of) || of.role === 'discriminator' ? 'coordinator' : 'discriminator';
    const reason = `no role computes, yet its vote is missing (in '${of.phase}' for ${shownMs(of.phaseMs)}), and the step is over its deadline of ${shownMs(deadlines.stepMs)}`;
    return { role: of.role, peer, cause: 'stuck', reason, action: 'reconnect' };
  });
}

/** The first eviction of a role is enough, and what it will cure needs no other action. */
function settled(found: readonly Suspicion[]): Suspicion[] {
  const evicted = new Set<string>();
  const kept = found.filter(({ action, role }) => {
    if (action !== 'evict') return true;
    if (evicted.has(role)) return false;
    evicted.add(role);
    return true;
  });
  return kept.filter(
    ({ action, role, peer }) => action !== 'reconnect' || !(evicted.has(role) || evicted.has(peer ?? '')),
  );
}

function inOrder(suspicions: readonly Suspicion[], evidence: readonly Evidence[]): Suspicion[] {
  return evidence.flatMap(({ role }) => suspicions.filter((suspicion) => suspicion.role === role));
}

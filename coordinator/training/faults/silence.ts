/** Roles that the coordinator does not hear of. Pure, and says why. */
import { type Deadlines, type Evidence, type Suspicion, shownMs } from './evidence.js';

/**
 * What a peer heard so much later than the coordinator did was sent after the silence began. Of a process that stops, the
 * coordinator heard the last up to a heartbeat (0.5 s) before the peer did; twice that is no chance.
 */
const LATER_MS = 1000;

export function isSilent({ silentMs }: Evidence, { heartbeatMs }: Deadlines): boolean {
  return silentMs > heartbeatMs;
}

/** Every silent role, with what is known of the cause. Not to be asked when all are silent. */
export function silentRoles(evidence: readonly Evidence[], deadlines: Deadlines): Suspicion[] {
  return evidence.filter((of) => isSilent(of, deadlines)).map((of) => whySilent(of, evidence, deadlines));
}

function whySilent(of: Evidence, evidence: readonly Evidence[], deadlines: Deadlines): Suspicion {
  const { role, processState } = of;
  const nothing = `nothing was heard from it for ${shownMs(of.silentMs)}`;
  if (processState === 'T' || processState === 't') {
    return {
      role,
      cause: 'stopped',
      reason: `its process is stopped (state ${processState}), ${nothing}`,
      action: 'evict',
    };
  }
  const witness = heardBy(of, evidence, deadlines);
  if (witness !== undefined) {
    return {
      role,
      peer: 'coordinator',
      cause: 'partitioned',
      reason: `${nothing}, while ${witness.role} heard from it ${shownMs(witness.agoMs)} ago`,
      action: 'evict',
    };
  }
  const process = processState === undefined ? '' : `; its process is in state ${processState}`;
  return { role, cause: 'silent', reason: `${nothing}${process}`, action: 'evict' };
}

/** Who heard from it last through the exchange, if that was after it fell silent here. */
function heardBy(of: Evidence, evidence: readonly Evidence[], deadlines: Deadlines) {
  const heard = evidence
    .flatMap((other) =>
      other.peers
        .filter(({ role }) => role === of.role)
        // What a heartbeat told is as old as the heartbeat.
        .map(({ silentMs }) => ({ role: other.role, agoMs: silentMs + other.silentMs })),
    )
    .filter(({ agoMs }) => agoMs <= deadlines.heartbeatMs && of.silentMs - agoMs > LATER_MS);
  return heard.sort((a, b) => a.agoMs - b.agoMs || (a.role < b.role ? -1 : 1))[0];
}

/** Exchanges that are cut or slow, seen from the heartbeats of both ends. Pure, and says why. */
import { type Deadlines, type Diagnosis, type Evidence, isStarting, shownMs } from './evidence.js';
import { isSilent } from './silence.js';

/** Three pulses: less silence than this on an exchange proves nothing, however short the deadline. */
const LEAST_SILENCE_MS = 1500;

/** An exchange both of whose ends the coordinator hears of. */
interface Link {
  generator: Evidence;
  discriminator: Evidence;
  /** The worse of what both ends say. */
  silentMs: number;
  roundTripMs: number;
}

/**
 * A cut link asks for a new epoch, which opens the exchange anew. A slow one is told of; when the step is overdue and its
 * generator is still waited for, the generator is evicted: placed anew it may have a better link.
 * When several links are cut and no link of the discriminator holds, it is the discriminator's worker that is suspected.
 */
export function troubledLinks(evidence: readonly Evidence[], stepMs: number, deadlines: Deadlines): Diagnosis {
  const links = linksOf(evidence, deadlines);
  const silence = Math.max(deadlines.heartbeatMs, LEAST_SILENCE_MS);
  const cut = links.filter(({ silentMs }) => silentMs > silence);
  const slow = links.filter((link) => !cut.includes(link) && link.roundTripMs > deadlines.roundTripMs);
  const all = (some: readonly Link[]) => links.length > 1 && some.length === links.length;
  const overdue = stepMs > deadlines.stepMs;
  return {
    suspicions: [
      ...cut.map(({ generator, discriminator, silentMs }) => {
        const [role, peer] = all(cut) ? [discriminator.role, generator.role] : [generator.role, discriminator.role];
        const reason = `${generator.role} and ${discriminator.role} are both there, and have not heard of each other for ${shownMs(silentMs)}`;
        return { role, peer, cause: 'partitioned', reason, action: 'reconnect' } as const;
      }),
      ...slow.map(({ generator, discriminator, roundTripMs }) => {
        const evict = overdue && !generator.voted && !all(slow);
        return {
          role: generator.role,
          peer: discriminator.role,
          cause: 'slow-link',
          reason: `a pulse between ${generator.role} and ${discriminator.role} took ${shownMs(roundTripMs)}${evict ? `, and the step is over its deadline of ${shownMs(deadlines.stepMs)}` : ''}`,
          action: evict ? 'evict' : 'tell',
        } as const;
      }),
    ],
    ...(overdue && all(slow)
      ? { heldBack: 'every link is slow at once: the network or the machine is at fault, and nobody is evicted' }
      : {}),
  };
}

function linksOf(evidence: readonly Evidence[], deadlines: Deadlines): Link[] {
  const present = new Map(
    evidence.filter((of) => !isSilent(of, deadlines) && !isStarting(of)).map((of) => [of.role, of]),
  );
  /** By the generator. */
  const links = new Map<string, Link>();
  for (const of of present.values()) {
    for (const { role, silentMs, roundTripMs } of of.peers) {
      const peer = present.get(role);
      // An exchange has the discriminator at one end.
      if (peer === undefined || (role === 'discriminator') === (of.role === 'discriminator')) continue;
      const [generator, discriminator] = of.role === 'discriminator' ? [peer, of] : [of, peer];
      const known = links.get(generator.role);
      links.set(generator.role, {
        generator,
        discriminator,
        silentMs: Math.max(silentMs, known?.silentMs ?? 0),
        roundTripMs: Math.max(roundTripMs, known?.roundTripMs ?? 0),
      });
    }
  }
  return [...links.values()];
}

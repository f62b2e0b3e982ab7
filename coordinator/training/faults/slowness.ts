/** Roles that compute far longer than they used to, while others do not. Pure, and says why. */
import {
  type Deadlines,
  type Diagnosis,
  type Evidence,
  type Suspicion,
  isComputing,
  isStarting,
  shownMs,
} from './evidence.js';
import { isSilent } from './silence.js';

export const SLOWNESS = {
  /** Times its usual computing that makes a role slow. */
  growth: 8,
  /** It must be so much longer, too: tiny steps jump about by any factor. */
  leastMs: 1000,
  /** The newest steps, each of which must be slow where no deadline is over: one hiccup is none. */
  recent: 3,
  /** Steps before those without which nothing is known to be usual. */
  earlier: 5,
} as const;

/** Shorter usual steps count as this long where delays, not factors, are compared: 8 times this is what makes a tiny step slow. */
const TINY_MS = SLOWNESS.leastMs / SLOWNESS.growth;

const MACHINE_BUSY =
  'most roles compute over 8 times longer than they used to, all at once: the machine is busy, and nobody is evicted';

/** How a role computes now, beside how it used to. */
interface Pace {
  of: Evidence;
  /** Milliseconds of a step so far, and usually. */
  now: number;
  /** undefined: it has computed too few steps to say. */
  usual: number | undefined;
  /** now / usual; infinite without a usual. */
  growth: number;
  /** The same, with a usual of at least TINY_MS. */
  delay: number;
  /** By itself, others aside. */
  slow: boolean;
}

/** By the last steps, whatever the deadlines: a role that has voted in this one is not disturbed. */
export function slowedRoles(evidence: readonly Evidence[], deadlines: Deadlines): Diagnosis {
  const paces = evidence
    .filter((of) => !isSilent(of, deadlines) && of.computeMs.length >= SLOWNESS.recent + SLOWNESS.earlier)
    .map((of): Pace => {
      const usual = median(of.computeMs.slice(0, -SLOWNESS.recent));
      const now = Math.min(...of.computeMs.slice(-SLOWNESS.recent));
      return { of, now, usual, ...growthOf(now, usual), slow: isLong(now, usual) };
    });
  return weigh(
    paces,
    ({ of }) => !of.voted && !isStarting(of),
    ({ now, usual = 0, growth }) =>
      `its last ${SLOWNESS.recent} steps took ${shownMs(now)} of computing and more, ${factor(growth)} of the ${shownMs(usual)} before`,
  );
}

/** By the step in progress, once that is over its deadline. */
export function hangingRoles(evidence: readonly Evidence[], stepMs: number, deadlines: Deadlines): Diagnosis {
  if (stepMs <= deadlines.stepMs) return { suspicions: [] };
  const present = evidence.filter((of) => !isSilent(of, deadlines) && !isStarting(of));
  const busy = present.filter((of) => !of.voted && isComputing(of));
  const paces = present.flatMap((of): Pace[] => {
    const usual = of.computeMs.length < SLOWNESS.recent ? undefined : median(of.computeMs);
    // Of one that computes no more all time until then is taken for computing: when in doubt the machine is at fault.
    const now = busy.includes(of) ? Math.min(of.phaseMs, stepMs) : Math.max(0, stepMs - of.phaseMs);
    const slow = busy.includes(of) && (usual === undefined ? now > deadlines.startMs : isLong(now, usual));
    if (usual === undefined && !slow) return [];
    return [{ of, now, usual, ...growthOf(now, usual), slow }];
  });
  const diagnosis = weigh(
    paces,
    () => true,
    ({ of, now, usual }) =>
      `it has been in '${of.phase}' for ${shownMs(now)}, ${usual === undefined ? 'its first steps' : `a whole step of its own usually takes ${shownMs(usual)}`}, and the step is over its deadline of ${shownMs(deadlines.stepMs)}`,
  );
  if (diagnosis.suspicions.length > 0 || diagnosis.heldBack !== undefined || busy.length === 0) return diagnosis;
  return { suspicions: [], heldBack: whyPatient(busy, deadlines) };
}

function whyPatient(busy: readonly Evidence[], { stepMs, startMs }: Deadlines): string {
  const over = `the step is over its deadline of ${shownMs(stepMs)}`;
  const begun = busy.some(({ computeMs }) => computeMs.length < SLOWNESS.recent);
  return begun
    ? `${over}, but a role computes its first steps, which may take ${shownMs(startMs)}`
    : `${over}, but no role computes far longer than it used to: a longer --step-deadline fits this run`;
}

/** The slow ones are evicted unless most of the others have slowed down alike. */
function weigh(paces: readonly Pace[], mayGo: (pace: Pace) => boolean, why: (pace: Pace) => string): Diagnosis {
  const slow = paces.filter((pace) => pace.slow && mayGo(pace));
  const alone = slow.filter((pace) => !isShared(pace, paces));
  const suspicions = alone.map((pace): Suspicion => ({
    role: pace.of.role,
    cause: 'slow',
    reason: why(pace),
    action: 'evict',
  }));
  return { suspicions, ...(slow.length > alone.length ? { heldBack: MACHINE_BUSY } : {}) };
}

/**
 * True when more than half of the others are slow as well, have grown at least half as much (processors that all want), or were
 * delayed at least a third as much (a machine that stands still): between 1 ms and 2 ms that a second was added to, the factors
 * differ by noise alone, and a role may be delayed in twice as many phases as another.
 */
function isShared(pace: Pace, paces: readonly Pace[]): boolean {
  const others = paces.filter((other) => other !== pace);
  // Of two that hang since the same moment the growths differ as their usual steps do: both being slow is enough.
  const alike = others.filter(
    ({ slow, growth, delay }) => slow || growth >= pace.growth / 2 || delay >= pace.delay / 3,
  );
  return alike.length > others.length / 2;
}

function isLong(now: number, usual: number): boolean {
  return now > SLOWNESS.growth * usual && now - usual >= SLOWNESS.leastMs;
}

function growthOf(now: number, usual: number | undefined): Pick<Pace, 'growth' | 'delay'> {
  if (usual === undefined) return { growth: Number.POSITIVE_INFINITY, delay: Number.POSITIVE_INFINITY };
  return { growth: now === 0 ? 0 : now / usual, delay: now / Math.max(usual, TINY_MS) };
}

function factor(growth: number): string {
  return Number.isFinite(growth) ? `${Math.round(growth)} times` : 'far more than';
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

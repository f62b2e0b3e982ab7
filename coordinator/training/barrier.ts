/** The step barrier: what the votes of a step so far mean. Pure, and says why. */

/** A vote as it came, its numbers not yet believed. */
export interface StepVote {
  epoch: number;
  step: number;
  loss: number;
  plainLoss: number;
  gradientNorm: number;
  /** Not empty: the role could not compute the step, for this reason. */
  fault: string;
  /** Discriminator: how often x, g1, ..., gN won. */
  verdicts: readonly number[];
}

export type Decision =
  | { kind: 'wait'; missing: string[] }
  | { kind: 'fault'; role: string; reason: string }
  | { kind: 'commit'; averageGeneratorLoss: number };

/** Why a vote cannot count, or undefined when it can. */
export function whyStale(vote: { epoch: number; step: number }, epoch: number, step: number): string | undefined {
  if (vote.epoch !== epoch) return `a vote of epoch ${vote.epoch}, the run is in epoch ${epoch}`;
  if (vote.step !== step) return `a vote for step ${vote.step}, the run is at step ${step}`;
  return undefined;
}

/**
 * @param roles discriminator first, then the generators in their order: L_G is summed in that order, so its bits do not
 *   depend on who voted first
 */
export function decide(roles: readonly string[], votes: ReadonlyMap<string, StepVote>): Decision {
  for (const role of roles) {
    const reason = votes.has(role) ? whyFaulty(votes.get(role) as StepVote) : undefined;
    if (reason !== undefined) return { kind: 'fault', role, reason };
  }
  const missing = roles.filter((role) => !votes.has(role));
  if (missing.length > 0) return { kind: 'wait', missing };
  const averageGeneratorLoss = roles
    .filter((role) => role !== 'discriminator')
    .reduce((sum, role) => sum + (votes.get(role)?.loss ?? Number.NaN), 0);
  return { kind: 'commit', averageGeneratorLoss };
}

/** Why a vote spoils its step, or undefined when it does not. */
export function whyFaulty(vote: StepVote): string | undefined {
  if (vote.fault !== '') return vote.fault;
  if (!Number.isFinite(vote.loss)) return `its loss is ${vote.loss}`;
  if (!Number.isFinite(vote.gradientNorm)) return `its gradient norm is ${vote.gradientNorm}`;
  return undefined;
}

import type { Phase__Output } from '../../proto/generated/duet/v1/Phase.js';
import type { Signals__Output } from '../../proto/generated/duet/v1/Signals.js';
import type { Vote__Output } from '../../proto/generated/duet/v1/Vote.js';
import type { StepMetrics, StepSignals } from '../run/journal/journal.js';

/** A committed step as people and scripts read it. */
export function stepMetrics(
  step: number,
  epoch: number,
  { ms, voteSpreadMs }: Record<'ms' | 'voteSpreadMs', number>,
  averageGeneratorLoss: number,
  roles: readonly string[],
  votes: ReadonlyMap<string, Vote__Output>,
): StepMetrics {
  const byRole = <T>(pick: (vote: Vote__Output) => T): Record<string, T> =>
    Object.fromEntries(roles.map((role) => [role, pick(votes.get(role) as Vote__Output)]));
  const discriminator = votes.get('discriminator') as Vote__Output;
  return {
    step,
    epoch,
    ms: rounded(ms),
    voteSpreadMs: rounded(voteSpreadMs),
    discriminatorLoss: discriminator.loss,
    generatorLosses: roles.slice(1).map((role) => (votes.get(role) as Vote__Output).plainLoss),
    averageGeneratorLoss,
    verdicts: named(discriminator.verdicts, 0),
    scores: named(discriminator.scores, 0),
    ...(discriminator.signals ? { signals: stepSignals(discriminator.signals) } : {}),
    gradientNorms: byRole((vote) => vote.gradientNorm),
    phases: byRole(({ phases }) => phaseTimes(phases)),
    tensors: byRole((vote) => vote.tensors),
  };
}

function stepSignals({ sigma, diversity, updateShare }: Signals__Output): StepSignals {
  return { sigma, diversity: named(diversity, 1), updateShare: named(updateShare, 1) };
}

/** With several updates of the discriminator a step has some phases several times. */
function phaseTimes(phases: readonly Phase__Output[]): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { name, milliseconds } of phases) times[name] = rounded((times[name] ?? 0) + milliseconds);
  return times;
}

/** The judged in their order: 0 is x, k is gk. @param first number of the first of these values */
function named(values: readonly number[], first: 0 | 1): Record<string, number> {
  return Object.fromEntries(values.map((value, i) => [i + first === 0 ? 'x' : `g${i + first}`, value]));
}

/** Microseconds are enough. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

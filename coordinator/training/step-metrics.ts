import type { Vote__Output } from '../../proto/generated/duet/v1/Vote.js';
import type { StepMetrics } from '../run/journal.js';

/** A committed step as people and scripts read it. */
export function stepMetrics(
  step: number,
  epoch: number,
  ms: number,
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
    discriminatorLoss: discriminator.loss,
    generatorLosses: roles.slice(1).map((role) => (votes.get(role) as Vote__Output).plainLoss),
    averageGeneratorLoss,
    verdicts: Object.fromEntries(discriminator.verdicts.map((count, i) => [i === 0 ? 'x' : `g${i}`, count])),
    gradientNorms: byRole((vote) => vote.gradientNorm),
    phases: byRole((vote) =>
      Object.fromEntries(vote.phases.map(({ name, milliseconds }) => [name, rounded(milliseconds)])),
    ),
    tensors: byRole((vote) => vote.tensors),
  };
}

/** Microseconds are enough. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

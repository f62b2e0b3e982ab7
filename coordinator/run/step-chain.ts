import type { StepMetrics } from './journal.js';

/**
 * The longest chain of computing in a step, milliseconds: the real half beside the generators' forward passes, the
 * discriminator's update, its gradients for the fakes, and the slowest generator's backward pass. What a step takes
 * beyond it went into messages and waits.
 */
export function chainMs({ phases }: Pick<StepMetrics, 'phases'>): number {
  const { discriminator, ...generators } = phases;
  const of = (phase: string) => discriminator?.[phase] ?? 0;
  const slowest = (phase: string) => Math.max(0, ...Object.values(generators).map((times) => times[phase] ?? 0));
  return Math.max(of('real-half'), slowest('forward')) + of('update') + of('judge') + slowest('backward');
}

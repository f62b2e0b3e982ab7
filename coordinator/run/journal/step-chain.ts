import type { StepMetrics } from './journal.js';

/**
 * The longest chain of computing in a step, milliseconds: the slowest generator's backward pass and, on the weights that it
 * left, forward pass; the discriminator's update and its gradients for the fakes. The discriminator's real half goes on
 * beside the generators, or, where they share a processor, after them; then it is a link of the chain. What a step takes
 * beyond it went into messages and waits.
 */
export function chainMs({ phases }: Pick<StepMetrics, 'phases'>): number {
  const { discriminator = {}, ...generators } = phases;
  const of = (phase: string) => discriminator[phase] ?? 0;
  const generating = Math.max(
    0,
    ...Object.values(generators).map(({ forward = 0, backward = 0 }) => forward + backward),
  );
  const order = Object.keys(discriminator);
  const byTurns = order.indexOf('wait-activations') < order.indexOf('real-half');
  const untilUpdate = byTurns ? generating + of('real-half') : Math.max(generating, of('real-half'));
  return untilUpdate + of('update') + of('judge');
}

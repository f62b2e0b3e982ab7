import { FaultyStepError } from '../../common/errors.js';
import type { Engine, Tensor } from '../engine/index.js';

/** L2 norm of a network's whole gradient. @param gradient [size] */
export function globalNorm(engine: Engine, gradient: Tensor): number {
  return Math.sqrt(engine.operations.sumOfSquares(gradient));
}

/** @throws FaultyStepError when the norm is NaN or infinite */
export function assertFiniteNorm(norm: number, role: string): void {
  if (!Number.isFinite(norm)) throw new FaultyStepError(`the gradient norm of ${role} is ${norm}: the step is faulty`);
}

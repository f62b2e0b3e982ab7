import { FaultyStepError } from '../common/errors.js';
import type { Engine, Tensor } from './engine/index.js';

/** Global L2 norm of all gradients of a network. */
export function globalNorm(engine: Engine, gradients: Readonly<Record<string, Tensor>>): number {
  const squares = engine.tf.tidy(() =>
    Object.values(gradients).map((gradient) => gradient.square().sum().dataSync<'float32'>()[0] ?? Number.NaN),
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

/** @throws FaultyStepError when the norm is NaN or infinite */
export function assertFiniteNorm(norm: number, role: string): void {
  if (!Number.isFinite(norm)) throw new FaultyStepError(`the gradient norm of ${role} is ${norm}: the step is faulty`);
}

/** A confidence interval of a mean by resampling (Efron's percentile bootstrap), the same for the same seed. */
import { randomStream, uniform } from '../../../gan/random.js';

export interface Interval {
  low: number;
  high: number;
}

export const RESAMPLES = 10_000;

/**
 * @param values at least one
 * @param confidence e.g. 0.95
 * @param purpose tells the draws of one interval from those of another
 */
export function bootstrapMean(
  values: readonly number[],
  confidence: number,
  seed: number,
  purpose: string,
  resamples = RESAMPLES,
): Interval {
  if (values.length === 0) throw new RangeError('a bootstrap needs one value at least');
  const stream = randomStream(seed, 'bootstrap', purpose);
  const means = new Float64Array(resamples);
  for (let i = 0; i < resamples; i += 1) {
    let sum = 0;
    for (let j = 0; j < values.length; j += 1) sum += values[Math.floor(uniform(stream) * values.length)] as number;
    means[i] = sum / values.length;
  }
  means.sort();
  const tail = (1 - confidence) / 2;
  return { low: quantile(means, tail), high: quantile(means, 1 - tail) };
}

/** Linear interpolation between order statistics, numpy's default. @param sorted ascending */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const [a, b] = [sorted[below] as number, sorted[Math.min(below + 1, sorted.length - 1)] as number];
  return a + (b - a) * (at - below);
}

/**
 * KID (Binkowski et al. 2018): the unbiased estimate of the squared maximum mean discrepancy with the kernel
 * k(x, y) = (x.y / d + 1)^3, averaged over random subsets. Its expectation does not depend on the number of samples.
 */
import { permutation, randomStream } from '../random.js';
import { type Gram, type Matrix, pick } from './matrix.js';

export interface KidOptions {
  /** Samples of a subset at most; with fewer samples there is one subset, of all. */
  subsetSize: number;
  subsets: number;
  /** The subsets follow from it. */
  seed: number;
}

/** Ten subsets of 1,000: of 2,000 samples more subsets change the fourth digit only, and cost as much again. */
export const KID_SUBSETS: Omit<KidOptions, 'seed'> = { subsetSize: 1000, subsets: 10 };

/** @param a two samples or more, as b; of different sizes, both subsets have the smaller one's */
export function kid(gram: Gram, a: Matrix, b: Matrix, { subsetSize, subsets, seed }: KidOptions): number {
  const size = Math.min(subsetSize, a.rows, b.rows);
  const count = size === a.rows && size === b.rows ? 1 : subsets;
  let sum = 0;
  for (let subset = 0; subset < count; subset += 1) {
    const choose = (samples: Matrix, name: string) =>
      samples.rows === size
        ? samples
        : pick(samples, permutation(randomStream(seed, 'kid-subset', subset, name), samples.rows).subarray(0, size));
    sum += squaredDiscrepancy(gram, choose(a, 'a'), choose(b, 'b'));
  }
  return sum / count;
}

/** MMD^2, unbiased: 1/(m(m-1)) [sum_{i!=j} k(a_i,a_j) + sum_{i!=j} k(b_i,b_j)] - 2/m^2 sum_ij k(a_i,b_j), m samples each. */
export function squaredDiscrepancy(gram: Gram, a: Matrix, b: Matrix): number {
  const m = a.rows;
  const within = (kernelSum(gram, a, a, true) + kernelSum(gram, b, b, true)) / (m * (m - 1));
  return within - (2 * kernelSum(gram, a, b, false)) / (m * m);
}

/** The sum is taken in double precision: the result is a small difference of large sums. */
function kernelSum(gram: Gram, a: Matrix, b: Matrix, skipDiagonal: boolean): number {
  const products = gram(a, b);
  const scale = 1 / a.columns;
  let sum = 0;
  for (let at = 0; at < products.length; at += 1) {
    const value = (products[at] as number) * scale + 1;
    sum += value * value * value;
  }
  if (!skipDiagonal) return sum;
  for (let i = 0; i < a.rows; i += 1) {
    const value = (products[i * b.rows + i] as number) * scale + 1;
    sum -= value * value * value;
  }
  return sum;
}

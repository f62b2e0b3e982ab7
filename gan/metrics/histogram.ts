/** Which classes or modes samples fall into, and how evenly. Natural logarithms; terms of 0 count 0. */

/** A mode with this share of what a uniform generator would give it counts for `modesTenth`. */
const TENTH = 0.1;

/** How often each of `classes` numbers occurs. */
export function countsOf(members: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < members.length; i += 1) counts[members[i] as number] = (counts[members[i] as number] ?? 0) + 1;
  return counts;
}

/** @returns counts over their sum; all 0 when there is none */
export function sharesOf(counts: readonly number[]): number[] {
  const all = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => (all === 0 ? 0 : count / all));
}

/** In nats; at most ln of the number of classes. */
export function entropyOf(counts: readonly number[]): number {
  return sharesOf(counts).reduce((sum, share) => sum - (share === 0 ? 0 : share * Math.log(share)), 0);
}

/** Classes with one sample or more. */
export function modesOf(counts: readonly number[]): number {
  return counts.filter((count) => count > 0).length;
}

/**
 * Classes with at least a tenth of the samples that each would get of `expected` samples dealt out evenly: a classifier's
 * few errors make no mode of these.
 */
export function modesTenthOf(counts: readonly number[], expected: number): number {
  return counts.filter((count) => count > 0 && count >= (TENTH * expected) / counts.length).length;
}

/**
 * KL(samples || uniform) = sum_m q_m ln(q_m K), as PacGAN and VEEGAN report it ("reverse": the model's share comes first).
 * @returns undefined when there is no sample
 */
export function reverseKlOf(counts: readonly number[]): number | undefined {
  if (modesOf(counts) === 0) return undefined;
  return Math.log(counts.length) - entropyOf(counts);
}

/** Jensen-Shannon divergence of two histograms, nats: 0 when they are equal, ln 2 when they share no class. */
export function jensenShannon(a: readonly number[], b: readonly number[]): number {
  const [p, q] = [sharesOf(a), sharesOf(b)];
  const middle = p.map((share, k) => (share + (q[k] as number)) / 2);
  return entropyOf(middle) - (entropyOf(p) + entropyOf(q)) / 2;
}

/** Wilcoxon's signed-rank test for paired differences, two-sided, exact also with ties. */

export interface SignedRankTest {
  /** Differences that are not 0; the others say nothing about a direction and are dropped (Wilcoxon 1945). */
  n: number;
  /** The smaller of the rank sums of the positive and the negative differences. */
  statistic: number;
  /** Under "the differences are symmetric about 0", by counting all 2^n assignments of signs. */
  p: number;
}

/** @throws RangeError when a difference is not finite */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  if (!differences.every(Number.isFinite)) throw new RangeError('the differences of a signed-rank test are finite');
  const kept = differences.filter((difference) => difference !== 0);
  const doubled = doubledRanks(kept.map(Math.abs));
  const total = doubled.reduce((a, b) => a + b, 0);
  const positive = kept.reduce((sum, difference, i) => sum + (difference > 0 ? (doubled[i] as number) : 0), 0);
  const smaller = Math.min(positive, total - positive);
  const distribution = signDistribution(doubled, total);
  // Symmetric, so both tails are alike.
  const tail = distribution.slice(0, smaller + 1).reduce((a, b) => a + b, 0);
  return { n: kept.length, statistic: smaller / 2, p: Math.min(1, 2 * tail) };
}

/** The smallest two-sided p that n pairs without ties can reach: all differences have one sign. */
export function smallestP(n: number): number {
  return Math.min(1, 2 ** (1 - n));
}

/** Twice the ranks, ties sharing their mean: whole numbers. */
function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end] as number] === values[order[start] as number]) end += 1;
    // Ranks start + 1 to end.
    for (const index of order.slice(start, end)) ranks[index] = start + 1 + end;
    start = end;
  }
  return ranks;
}

/** Probability of every sum of ranks when each has its sign by the toss of a coin. */
function signDistribution(ranks: readonly number[], total: number): Float64Array {
  const distribution = new Float64Array(total + 1);
  distribution[0] = 1;
  for (const rank of ranks)
    for (let sum = total; sum >= 0; sum -= 1)
      distribution[sum] =
        ((distribution[sum] as number) + (sum >= rank ? (distribution[sum - rank] as number) : 0)) / 2;
  return distribution;
}

export interface MeanAndError {
  n: number;
  mean: number;
  /** Standard error of the mean, s / sqrt(n) with the n - 1 in s; undefined for one value. */
  error?: number;
}

/** Undefined for no values. */
export function meanAndError(values: readonly number[]): MeanAndError | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return { n, mean };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { n, mean, error: Math.sqrt(variance / n) };
}

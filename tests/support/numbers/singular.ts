/** The largest singular value of a matrix in double precision, written apart from the project's own estimate. */

/** Enough that the estimate, which is from below, is within 1e-4 for singular values that lie 1 % apart. */
const ITERATIONS = 400;

/** @param values [rows, columns], row by row */
export function largestSingularValue(values: ArrayLike<number>, columns: number): number {
  const rows = values.length / columns;
  // The Gram matrix A'A: the root of its largest eigenvalue is what is asked for.
  const gram = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let i = 0; i < columns; i += 1) {
      const a = values[row * columns + i] as number;
      for (let j = 0; j < columns; j += 1)
        gram[i * columns + j] = (gram[i * columns + j] as number) + a * (values[row * columns + j] as number);
    }
  }
  let vector = Float64Array.from({ length: columns }, (_, i) => 1 + Math.sin(i + 1));
  let eigenvalue = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration += 1) {
    const next = vector.map((_, i) => vector.reduce((sum, x, j) => sum + (gram[i * columns + j] as number) * x, 0));
    const before = Math.hypot(...vector);
    eigenvalue = Math.hypot(...next) / before;
    vector = next.map((x) => x / (eigenvalue * before));
  }
  return Math.sqrt(eigenvalue);
}

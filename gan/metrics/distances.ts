/** Euclidean distances between two sets of samples, a block of rows at a time. */
import { type Gram, type Matrix, rowsOf } from './matrix.js';

/** Rows of a block: with 10,000 columns a block of single precision takes 20 MB. */
const BLOCK = 512;
/** Up to so many columns the differences themselves are quicker than the product, and exact. */
const FEW_COLUMNS = 8;
/**
 * |x|^2 + |y|^2 - 2 x.y loses its digits where the distance is small beside the lengths; what is below this share of
 * them is computed anew from the differences. Nearest neighbours and copies are just there.
 */
const CANCELLED = 0.01;

/**
 * Calls `visit` for every row of a, in order, with its squared distances to all rows of b, [b.rows]; the array is used
 * again for the next row.
 */
export function forEachRow(
  gram: Gram,
  a: Matrix,
  b: Matrix,
  visit: (row: number, squared: Float64Array) => void,
): void {
  const squared = new Float64Array(b.rows);
  if (a.columns <= FEW_COLUMNS) {
    for (let i = 0; i < a.rows; i += 1) {
      for (let j = 0; j < b.rows; j += 1) squared[j] = exact(a, i, b, j);
      visit(i, squared);
    }
    return;
  }
  const [ofA, ofB] = [squaredLengths(a), squaredLengths(b)];
  for (let first = 0; first < a.rows; first += BLOCK) {
    const next = Math.min(a.rows, first + BLOCK);
    const products = gram(rowsOf(a, first, next), b);
    for (let i = first; i < next; i += 1) {
      const start = (i - first) * b.rows;
      const ofI = ofA[i] as number;
      for (let j = 0; j < b.rows; j += 1) {
        const lengths = ofI + (ofB[j] as number);
        const value = lengths - 2 * (products[start + j] as number);
        squared[j] = value < CANCELLED * lengths ? exact(a, i, b, j) : value;
      }
      visit(i, squared);
    }
  }
}

/** The k smallest squared distances of a row, in ascending order; `except` is left out (a sample's own place). */
export function smallest(squared: Float64Array, k: number, except = -1): Float64Array {
  const found = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (let j = 0; j < squared.length; j += 1) {
    const value = squared[j] as number;
    if (j === except || !(value < (found[k - 1] as number))) continue;
    let at = k - 1;
    for (; at > 0 && (found[at - 1] as number) > value; at -= 1) found[at] = found[at - 1] as number;
    found[at] = value;
  }
  return found;
}

/** Squared distance of each sample to its k-th neighbour of the same set, for each k asked for; the sample itself is none. */
export function neighbourRadii(gram: Gram, samples: Matrix, ks: readonly number[]): Float64Array[] {
  const radii = ks.map(() => new Float64Array(samples.rows));
  const most = Math.max(...ks);
  forEachRow(gram, samples, samples, (i, squared) => {
    const nearest = smallest(squared, most, i);
    for (const [index, k] of ks.entries()) (radii[index] as Float64Array)[i] = nearest[k - 1] as number;
  });
  return radii;
}

/** Mean distance of each sample to the nearest of the others. */
export function meanNearest(gram: Gram, samples: Matrix, others: Matrix): number {
  let sum = 0;
  forEachRow(gram, samples, others, (_, squared) => {
    sum += Math.sqrt(smallest(squared, 1)[0] as number);
  });
  return sum / samples.rows;
}

function exact(a: Matrix, i: number, b: Matrix, j: number): number {
  const [fromA, fromB] = [i * a.columns, j * b.columns];
  let sum = 0;
  for (let k = 0; k < a.columns; k += 1) {
    const difference = (a.values[fromA + k] as number) - (b.values[fromB + k] as number);
    sum += difference * difference;
  }
  return sum;
}

function squaredLengths({ rows, columns, values }: Matrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let k = i * columns; k < (i + 1) * columns; k += 1) sum += (values[k] as number) ** 2;
    return sum;
  });
}

/** The samples of tests/peers/make_metrics_reference.py, by the same arithmetic: see there. */
import { type Matrix } from '../../../gan/metrics/matrix.js';

/** A linear congruential generator (Numerical Recipes). */
export function lcg(seed: number): { uniform(): number; normal(): number } {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = () => {
    let sum = 0;
    for (let i = 0; i < 12; i += 1) sum += uniform();
    return sum - 6;
  };
  return { uniform, normal };
}

export function correlated(seed: number, rows: number, columns: number, scale: number, shift: number): Matrix {
  const stream = lcg(seed);
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i += 1) {
    let previous = 0;
    for (let k = 0; k < columns; k += 1) {
      previous = 0.5 * previous + scale * (0.25 + (k % 7) / 8) * stream.normal();
      values[i * columns + k] = previous + shift;
    }
  }
  return { rows, columns, values };
}

export function clustered(seed: number, rows: number, columns: number, clusters: number, deviation: number): Matrix {
  const centres = correlated(seed, clusters, columns, 1, 0);
  const noise = correlated(seed + 1, rows, columns, deviation, 0);
  const values = noise.values.map((value, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return (centres.values[(row % clusters) * columns + column] as number) + value;
  });
  return { rows, columns, values };
}

/** Points around the modes of a mixture, unevenly, half as wide again as they should be. */
export function mixturePoints(centres: readonly (readonly [number, number])[], deviation: number): Float32Array {
  const stream = lcg(20);
  const points: number[] = [];
  for (let i = 0; i < 2000; i += 1) {
    const mode = i % 3 === 0 ? 0 : Math.min(i % 31, centres.length - 2);
    const [x, y] = centres[mode] as readonly [number, number];
    points.push(x + 1.5 * deviation * stream.normal(), y + 1.5 * deviation * stream.normal());
  }
  return Float32Array.from(points);
}

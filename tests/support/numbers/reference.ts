/** Numbers that PyTorch made (tests/peers/make_reference.py), and how close ours must come. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { NamedArray } from '../../../gan/network/initialise.js';

export interface ReferenceTensor {
  shape: number[];
  values: number[];
}
export type ReferenceWeights = Record<string, ReferenceTensor>;

/** dist/tests/support/numbers/ lies four levels below the package's root. */
export function readReference<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../../../tests/peers/reference/${name}.json`, import.meta.url), 'utf8'),
  ) as T;
}

export function floats({ values }: ReferenceTensor): Float32Array<ArrayBuffer> {
  return Float32Array.from(values);
}

export function namedArrays(weights: ReferenceWeights): NamedArray[] {
  return Object.entries(weights).map(([name, tensor]) => ({ name, shape: tensor.shape, data: floats(tensor) }));
}

/**
 * Every value within `tolerance`, relative to the largest value of the array: sums of float32 products differ between
 * frameworks in proportion to the terms, not to a result that happens to be near 0.
 *
 * @param least the scale of values that are smaller: 1 for a mean of losses, whose terms cancel
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  least = 1e-6,
): void {
  assert.equal(actual.length, expected.length, `${what}: number of values`);
  const scale = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), least);
  for (let i = 0; i < expected.length; i += 1) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    assert.ok(
      difference <= tolerance * scale,
      `${what}[${i}]: ${actual[i]} against PyTorch's ${expected[i]} (largest value ${scale})`,
    );
  }
}

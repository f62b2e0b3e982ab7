/** Samples as rows, and the one product of them that costs time. */
import type { Engine } from '../engine/index.js';

export interface Matrix {
  rows: number;
  columns: number;
  /** [rows, columns] */
  values: Float32Array<ArrayBuffer>;
}

/** All inner products of a's rows with b's, [a.rows, b.rows]. */
export type Gram = (a: Matrix, b: Matrix) => Float32Array;

/** By the engine's matrix product. */
export function engineGram({ tf, operations }: Engine): Gram {
  // Copied: tfjs shares the buffer that it is given.
  const tensor = ({ rows, columns, values }: Matrix) => tf.tensor2d(values.slice(), [rows, columns]);
  return (a, b) => {
    const [left, right] = [tensor(a), tensor(b)];
    const products = operations.matMul(left, right, false, true);
    // Not within a tidy: it would look for tensors in every one of a million numbers, 0.2 s.
    const values = products.dataSync<'float32'>();
    tf.dispose([left, right, products]);
    return values;
  };
}

export function matrix(values: Float32Array<ArrayBuffer>, columns: number): Matrix {
  return { rows: values.length / columns, columns, values };
}

/** A view of rows first to next - 1. */
export function rowsOf({ columns, values }: Matrix, first: number, next: number): Matrix {
  return { rows: next - first, columns, values: values.subarray(first * columns, next * columns) };
}

/** A copy of the chosen rows. */
export function pick({ columns, values }: Matrix, rows: Uint32Array): Matrix {
  const picked = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) picked.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  return { rows: rows.length, columns, values: picked };
}

/** One below the other. */
export function stack(parts: readonly Matrix[]): Matrix {
  const columns = parts[0]?.columns ?? 0;
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return { rows: values.length / columns, columns, values };
}

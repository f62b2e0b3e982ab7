/** Figures as the report prints them. */
import type { MeanAndError } from '../statistics/mean.js';

/** Fixed decimals, but never a string of zeros for a number that is not 0: 0.0000123 → 1.2e-5. */
export function figure(value: number, digits: number): string {
  if (!Number.isFinite(value)) return 'not finite';
  if (value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits) return value.toPrecision(2);
  return value.toFixed(digits);
}

/** 0.124 ± 0.010, both with the decimals that the mean needs; without the error when there is one value. */
export function withError(values: MeanAndError | undefined, digits: number): string {
  if (values === undefined) return '–';
  const { mean, error } = values;
  const needed = decimals(mean, digits);
  return error === undefined ? figure(mean, needed) : `${figure(mean, needed)} ± ${error.toFixed(needed)}`;
}

const MOST_DECIMALS = 8;

/** Two significant digits at least: 0.000023 needs 6. */
function decimals(value: number, digits: number): number {
  if (value === 0 || !Number.isFinite(value) || Math.abs(value) >= 10 ** -digits) return digits;
  return Math.min(MOST_DECIMALS, 1 - Math.floor(Math.log10(Math.abs(value))));
}

/** 0.0020; 1.2e-7 */
export function probability(p: number): string {
  return p < 0.0001 ? p.toExponential(1) : p.toFixed(4);
}

/** 1234567 → 1,234,567 */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function countOf(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

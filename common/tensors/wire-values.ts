/** Values as they cross an exchange: in the type that the run's config names, `exchangeDtype`. */
import { FaultyStepError } from '../errors.js';
import { HALF_TYPES, fromHalves, toHalves } from './half-precision.js';

export const WIRE_DTYPES = ['float32', ...HALF_TYPES] as const;
export type WireDtype = (typeof WIRE_DTYPES)[number];

/** Uint16Array: the bits of a type of 16. */
export type WireValues = Float32Array | Uint16Array;

export function bytesPerValue(dtype: WireDtype): number {
  return dtype === 'float32' ? Float32Array.BYTES_PER_ELEMENT : Uint16Array.BYTES_PER_ELEMENT;
}

/**
 * @param what the values are, for people
 * @returns the array itself where nothing is to be rounded
 * @throws FaultyStepError when finite values would become infinite: a network may well hide that again
 */
export function toWire(values: Float32Array, dtype: WireDtype, what: string): WireValues {
  if (dtype === 'float32') return values;
  const { values: halves, overflowed } = toHalves(values, dtype);
  if (overflowed === 0) return halves;
  throw new FaultyStepError(
    `${overflowed} of ${values.length} values of ${what} are too large for --exchange-dtype ${dtype}: train with float32${dtype === 'float16' ? ' or bfloat16' : ''}`,
  );
}

/** @returns the array itself where nothing was rounded */
export function fromWire(values: WireValues, dtype: WireDtype): Float32Array {
  return dtype === 'float32' ? (values as Float32Array) : fromHalves(values as Uint16Array, dtype);
}

/**
 * Float32 values as 16 bits, and back. Rounding is to the nearest, ties to even; infinities stay, NaN stays NaN, the sign of
 * zero stays. bfloat16: float32's range, 8 significant bits. float16: IEEE 754 binary16, 11 significant bits, of 6.1e-5 to
 * 65504; below that the steps are 2^-24, and less than half of one becomes 0.
 */

export const HALF_TYPES = ['bfloat16', 'float16'] as const;
export type HalfType = (typeof HALF_TYPES)[number];

const SIGN = 0x8000;
const MAGNITUDE = 0x7fff_ffff;
const INFINITY = 0x7f80_0000;

export interface Halves {
  values: Uint16Array<ArrayBuffer>;
  /** How many finite values were beyond the range, and are infinite now. */
  overflowed: number;
}

export function toHalves(values: Float32Array, type: HalfType): Halves {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  return { values: halves, overflowed: type === 'bfloat16' ? toBfloat16(bits, halves) : toFloat16(bits, halves) };
}

export function fromHalves(halves: Uint16Array, type: HalfType): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  if (type === 'bfloat16') for (let i = 0; i < halves.length; i += 1) bits[i] = (halves[i] as number) << 16;
  else fromFloat16(halves, bits, values);
  return values;
}

function toBfloat16(bits: Uint32Array, halves: Uint16Array): number {
  let overflowed = 0;
  for (let i = 0; i < bits.length; i += 1) {
    const all = bits[i] as number;
    const magnitude = all & MAGNITUDE;
    if (magnitude > INFINITY) halves[i] = (all >>> 16) | 0x40;
    else {
      const half = (all + 0x7fff + ((all >>> 16) & 1)) >>> 16;
      halves[i] = half;
      if ((half & 0x7fff) === 0x7f80 && magnitude < INFINITY) overflowed += 1;
    }
  }
  return overflowed;
}

/** The least float32 whose magnitude is a normal float16, 2^-14; the difference of both exponents' biases, in place. */
const NORMAL = 0x3880_0000;
const REBIAS = 0x3800_0000;
/** 65536: from here on it is infinite without looking. What is between it and 65520 becomes so by rounding. */
const BEYOND = 0x4780_0000;

function toFloat16(bits: Uint32Array, halves: Uint16Array): number {
  let overflowed = 0;
  for (let i = 0; i < bits.length; i += 1) {
    const all = bits[i] as number;
    const sign = (all >>> 16) & SIGN;
    const magnitude = all & MAGNITUDE;
    if (magnitude < NORMAL) halves[i] = sign | subnormal(magnitude);
    else if (magnitude < BEYOND) {
      const half = (magnitude - REBIAS + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
      halves[i] = sign | half;
      if (half === 0x7c00) overflowed += 1;
    } else if (magnitude > INFINITY) halves[i] = sign | 0x7e00;
    else {
      halves[i] = sign | 0x7c00;
      if (magnitude < INFINITY) overflowed += 1;
    }
  }
  return overflowed;
}

/** In steps of 2^-24. @param magnitude bits of a float32 below 2^-14 */
function subnormal(magnitude: number): number {
  const exponent = magnitude >>> 23;
  // Less than half a step, 2^-25, which itself is a tie and goes to the even 0.
  if (exponent < 102) return 0;
  const significand = (magnitude & 0x7f_ffff) | 0x80_0000;
  const shift = 126 - exponent;
  const steps = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (steps & 1) === 1) ? steps + 1 : steps;
}

function fromFloat16(halves: Uint16Array, bits: Uint32Array, values: Float32Array): void {
  for (let i = 0; i < halves.length; i += 1) {
    const half = halves[i] as number;
    const sign = (half & SIGN) << 16;
    const exponent = half & 0x7c00;
    if (exponent === 0) {
      values[i] = (half & 0x3ff) * 2 ** -24;
      bits[i] = (bits[i] as number) | sign;
    } else if (exponent === 0x7c00) bits[i] = sign | INFINITY | ((half & 0x3ff) << 13);
    else bits[i] = sign | (((half & 0x7fff) << 13) + REBIAS);
  }
}

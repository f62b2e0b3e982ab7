/**
 * Seeded random numbers that depend on what they are for and on nothing else: no state is carried from call to call,
 * so any worker, at any time, in any order, draws the same ones; so does a browser (the exported page), which has no node:crypto.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** 32 random bits a call, as a signed integer. */
export type RandomStream = () => number;

/**
 * The stream of numbers for a purpose, e.g. `randomStream(seed, 'latents', step)`.
 *
 * The first 128 bits of the SHA-256 of the seed (all its 53 bits) and the path are the state of xoroshiro128+:
 * streams of different paths do not overlap in practice, whatever the paths have in common. The parts are joined
 * with '/', and a number counts as its digits: the paths of one purpose must have the same number of parts.
 * @throws RangeError when the seed is not a whole number from 0 to 2^53 - 1 (a rounded one would be another seed's)
 */
export function randomStream(seed: number, ...path: readonly (string | number)[]): RandomStream {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`a seed is a whole number from 0 to 2^53 - 1, not ${seed}`);
  const digest = new DataView(sha256(new TextEncoder().encode([seed, ...path].join('/'))).buffer);
  const state = [0, 4, 8, 12].map((offset) => digest.getInt32(offset, true));
  const generator = xoroshiro128plusFromState(state);
  return () => generator.next();
}

/** Uniform in (0, 1), never 0. */
export function uniform(stream: RandomStream): number {
  return ((stream() >>> 0) + 0.5) / 0x1_0000_0000;
}

/** Uniform in (0, 1) as float32, never 0 and never 1. */
export function uniforms(stream: RandomStream, count: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  // 23 bits and a half are exact in a float32; with more, the largest would be rounded to 1.
  for (let i = 0; i < count; i += 1) values[i] = ((stream() >>> 9) + 0.5) / 0x80_0000;
  return values;
}

/** Standard normal values (Box and Muller 1958), as float32. */
export function normals(stream: RandomStream, count: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(stream)));
    const angle = 2 * Math.PI * uniform(stream);
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** A uniformly random order of 0 to count - 1 (Fisher and Yates). */
export function permutation(stream: RandomStream, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(uniform(stream) * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

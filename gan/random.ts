/**
 * Seeded random numbers that depend on what they are for and on nothing else: no state is carried from call to call,
 * so any worker, at any time, in any order, draws the same ones.
 */
import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** 32 random bits a call, as a signed integer. */
export type RandomStream = () => number;

/**
 * The stream of numbers for a purpose, e.g. `randomStream(seed, 'latents', step)`.
 *
 * The first 128 bits of the SHA-256 of the seed (all its 53 bits) and the path are the state of xoroshiro128+:
 * streams of different paths do not overlap in practice, whatever the paths have in common.
 */
export function randomStream(seed: number, ...path: readonly (string | number)[]): RandomStream {
  const digest = createHash('sha256').update([seed, ...path].join('/')).digest();
  const state = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset));
  const generator = xoroshiro128plusFromState(state);
  return () => generator.next();
}

/** Uniform in (0, 1), never 0. */
export function uniform(stream: RandomStream): number {
  return ((stream() >>> 0) + 0.5) / 0x1_0000_0000;
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

import { normals, randomStream } from './random.js';

/** z ~ N(0, I) of a step, [batch, size]: f(seed, step). Every generator gets the same. */
export function latents(seed: number, step: number, batch: number, size: number): Float32Array<ArrayBuffer> {
  return normals(randomStream(seed, 'latents', step), batch * size);
}

/** The fixed latents of the sample grids, [count, size]: f(seed). */
export function sampleLatents(seed: number, count: number, size: number): Float32Array<ArrayBuffer> {
  return normals(randomStream(seed, 'sample-latents'), count * size);
}

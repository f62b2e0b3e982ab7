import { normals, randomStream } from './random.js';

/**
 * z ~ N(0, I) of a step, [count, size]: f(seed, step). Every generator gets the same. More of them begin with the same
 * ones, so a step with several batches (`discriminatorSteps`) has the latents of a step with one as its first.
 */
export function latents(seed: number, step: number, count: number, size: number): Float32Array<ArrayBuffer> {
  return normals(randomStream(seed, 'latents', step), count * size);
}

/** The fixed latents of the sample grids, [count, size]: f(seed). */
export function sampleLatents(seed: number, count: number, size: number): Float32Array<ArrayBuffer> {
  return normals(randomStream(seed, 'sample-latents'), count * size);
}

import { normals, randomStream } from './random.js';

/**
 * z ~ N(0, I) of a step, [count, size]: f(seed, step, branch). Every generator gets the same. More of them begin with
 * the same ones, so a step with several batches (`discriminatorSteps`) has the latents of a step with one as its first.
 *
 * @param branch how often the run was rolled back before this step: what follows must not repeat what led there
 */
export function latents(
  seed: number,
  step: number,
  count: number,
  size: number,
  branch = 0,
): Float32Array<ArrayBuffer> {
  const stream =
    branch === 0 ? randomStream(seed, 'latents', step) : randomStream(seed, 'branch-latents', branch, step);
  return normals(stream, count * size);
}

/** The fixed latents of the sample grids, [count, size]: f(seed). */
export function sampleLatents(seed: number, count: number, size: number): Float32Array<ArrayBuffer> {
  return normals(randomStream(seed, 'sample-latents'), count * size);
}

/** The fixed latents of the evaluations during training, [count, size]: f(seed). */
export function evaluationLatents(seed: number, count: number, size: number): Float32Array<ArrayBuffer> {
  return normals(randomStream(seed, 'evaluation-latents'), count * size);
}

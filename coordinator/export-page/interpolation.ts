/**
 * The way from a latent vector to another, on which every generator is at home.
 *
 * A normal vector of n coordinates has a length near sqrt(n), almost surely: all that a generator saw in training lies near
 * that sphere. The middle of the straight line between two of them has the length of sqrt(n / 2), where it saw nothing, and
 * what it draws there is of poor quality. So the way follows the great circle: slerp (Shoemake 1985, Animating rotation
 * with quaternion curves, SIGGRAPH), for latents of generators by White 2016 (Sampling Generative Networks,
 * arXiv:1609.04468, section 2.1).
 */

/** Sine of an angle below which there is no great circle to speak of: the vectors lie on a line. */
const LEAST_SINE = 1e-6;

/**
 * Each of many vectors on its own way.
 *
 * @param from [count, size] @param to [count, size] @param at 0 to 1: exactly `from` at 0, exactly `to` at 1
 * @returns [count, size]
 */
export function between(from: Float32Array, to: Float32Array, at: number, size: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(from.length);
  for (let start = 0; start < from.length; start += size) {
    const [a, b] = [from.subarray(start, start + size), to.subarray(start, start + size)];
    const [shareOfA, shareOfB] = shares(angle(a, b), at);
    for (let i = 0; i < size; i += 1) values[start + i] = shareOfA * (a[i] as number) + shareOfB * (b[i] as number);
  }
  return values;
}

/** sin((1 - t) w) / sin w and sin(t w) / sin w; on a line 1 - t and t, which they tend to. */
function shares(omega: number, at: number): [number, number] {
  const sine = Math.sin(omega);
  if (!(sine > LEAST_SINE)) return [1 - at, at];
  return [Math.sin((1 - at) * omega) / sine, Math.sin(at * omega) / sine];
}

/** Between two vectors, 0 to pi; 0 when one of them has no direction. */
function angle(a: Float32Array, b: Float32Array): number {
  const [length, other] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
  const cosine = dot(a, b) / (length * other);
  return Number.isFinite(cosine) ? Math.acos(Math.min(1, Math.max(-1, cosine))) : 0;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

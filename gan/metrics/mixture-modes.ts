/** How well points match a Gaussian mixture whose modes are known (Srivastava et al. 2017; Lin et al. 2018). */
import type { Mixture } from '../data/mixtures.js';

/** Within so many standard deviations of its nearest mode a point is of high quality. */
const DEVIATIONS = 3;

export interface ModesOfPoints {
  /** The nearest mode of every point. */
  nearest: Uint8Array;
  /** 1 for every point of high quality. */
  good: Uint8Array;
  /** High-quality points of each mode: these are what modes and reverse KL are counted by, as in PacGAN's code. */
  counts: number[];
  /** Share of points of high quality; 1 - exp(-4.5) = 0.9889 for the mixture itself. */
  highQuality: number;
}

/** @param points [n, 2] */
export function modesOfPoints(points: Float32Array, { centres, deviation }: Mixture): ModesOfPoints {
  const nearest = new Uint8Array(points.length / 2);
  const counts = new Array<number>(centres.length).fill(0);
  const good = new Uint8Array(nearest.length);
  for (let i = 0; i < nearest.length; i += 1) {
    let least = Number.POSITIVE_INFINITY;
    for (const [mode, [x, y]] of centres.entries()) {
      const distance = Math.hypot((points[i * 2] as number) - x, (points[i * 2 + 1] as number) - y);
      if (distance >= least) continue;
      least = distance;
      nearest[i] = mode;
    }
    if (!(least < DEVIATIONS * deviation)) continue;
    const mode = nearest[i] as number;
    counts[mode] = (counts[mode] as number) + 1;
    good[i] = 1;
  }
  const all = good.reduce((sum, one) => sum + one, 0);
  return { nearest, good, counts, highQuality: nearest.length === 0 ? 0 : all / nearest.length };
}

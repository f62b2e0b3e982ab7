/**
 * 2-D Gaussian mixtures whose modes are known, to count how many a generator finds.
 * Ring of 8: radius 1, standard deviation 0.01. Grid of 25: -4 to 4 in steps of 2, standard deviation 0.05
 * (Srivastava et al. 2017, VEEGAN; Lin et al. 2018, PacGAN).
 */
import { createHash } from 'node:crypto';
import { normals, randomStream, uniform } from '../random.js';
import type { Dataset } from './dataset.js';
import { gatherSamples } from './gather.js';

export const MIXTURE_NAMES = ['ring8', 'grid25'] as const;
export type MixtureName = (typeof MIXTURE_NAMES)[number];

export interface Mixture {
  centres: readonly (readonly [number, number])[];
  deviation: number;
}

const TRAINING_POINTS = 100_000;
const HELD_OUT_POINTS = 10_000;

const MIXTURES: Record<MixtureName, Mixture> = {
  ring8: {
    centres: Array.from({ length: 8 }, (_, i) => [Math.cos((i * Math.PI) / 4), Math.sin((i * Math.PI) / 4)] as const),
    deviation: 0.01,
  },
  grid25: {
    centres: Array.from({ length: 25 }, (_, i) => [(i % 5) * 2 - 4, Math.floor(i / 5) * 2 - 4] as const),
    deviation: 0.05,
  },
};

export function isMixture(name: string): name is MixtureName {
  return (MIXTURE_NAMES as readonly string[]).includes(name);
}

export function mixtureNamed(name: MixtureName): Mixture {
  return MIXTURES[name];
}

export function openMixture(name: MixtureName, seed: number): Dataset {
  const train = draw(name, seed, 'train', TRAINING_POINTS);
  const heldOut = draw(name, seed, 'held-out', HELD_OUT_POINTS);
  let sha256: string | undefined;
  return {
    name,
    kind: 'points',
    shape: [2],
    count: TRAINING_POINTS,
    heldOut: HELD_OUT_POINTS,
    gather: (indices, into) => gather(train, indices, into),
    gatherHeldOut: (indices, into) => gather(heldOut, indices, into),
    get sha256() {
      sha256 ??= createHash('sha256').update(new Uint8Array(train.buffer)).digest('hex');
      return sha256;
    },
  };
}

function draw(name: MixtureName, seed: number, part: string, count: number): Float32Array<ArrayBuffer> {
  const { centres, deviation } = MIXTURES[name];
  const modes = randomStream(seed, 'mixture-modes', name, part);
  const points = normals(randomStream(seed, 'mixture-noise', name, part), count * 2);
  for (let i = 0; i < count; i += 1) {
    const [x, y] = centres[Math.floor(uniform(modes) * centres.length)] as readonly [number, number];
    points[i * 2] = x + deviation * (points[i * 2] as number);
    points[i * 2 + 1] = y + deviation * (points[i * 2 + 1] as number);
  }
  return points;
}

function gather(points: Float32Array, indices: Uint32Array, into: Float32Array<ArrayBuffer> | undefined) {
  return gatherSamples({ count: points.length / 2, size: 2 }, indices, into, (index, batch, at) => {
    batch[at] = points[index * 2] as number;
    batch[at + 1] = points[index * 2 + 1] as number;
  });
}

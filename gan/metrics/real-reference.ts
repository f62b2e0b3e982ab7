/** The real samples that an evaluation measures against, chosen by its seed, seen once for all its groups and steps. */
import { UsageError } from '../../common/errors.js';
import type { Dataset } from '../data/dataset.js';
import { isMixture } from '../data/mixtures.js';
import { permutation, randomStream } from '../random.js';
import type { EvaluatedData } from './evaluation.js';
import { FEATURES, type FeatureNetwork } from './feature-network.js';
import { type Gaussian, gaussianOf } from './frechet.js';
import type { Gram, Matrix } from './matrix.js';
import { type RealBalls, realBalls } from './neighbourhoods.js';
import { PROBE_NEIGHBOURS } from './probe.js';
import { type View, firstOf, viewInChunks } from './view.js';

/** Samples that the modes of stacked MNIST are counted over: 1,000 modes need many, and everybody reports this number. */
export const STACKED_MODE_SAMPLES = 26_000;

export interface RealReference {
  data: EvaluatedData;
  samples: number;
  /** Samples of a group that modes are counted over. */
  modeSamples: number;
  /** As many training samples as each group has. */
  training: View;
  balls: RealBalls;
  /** For images. */
  gaussian?: Gaussian;
  /** For the nearest neighbours: more than `samples`, as many of the training data as of the held-out data. */
  nearTraining: Matrix;
  nearHeldOut: Matrix;
  /** Held-out samples that are in none of the others: the group `real`, the floor of every figure. */
  floor: View;
  /** What the floor's modes are counted over, where that is not `floor`. */
  floorModes?: View;
  /** Training and held-out samples as the discriminator sees them, [samples, ...shape] each. */
  judged: { training: Float32Array<ArrayBuffer>; heldOut: Float32Array<ArrayBuffer> };
}

export interface RealOptions {
  samples: number;
  seed: number;
  /** Samples that modes are counted over, of stacked MNIST; for tests. */
  modeSamples?: number | undefined;
}

/** The metric that needs the most samples of a group, and how many. */
export function leastSamples(data: EvaluatedData): { samples: number; why: string } {
  if (isMixture(data)) return { samples: 2 * PROBE_NEIGHBOURS, why: 'the probe that tells generators apart' };
  const features = data === 'mnist' ? FEATURES : 3 * FEATURES;
  return { samples: features + 1, why: `FID (MNIST CNN), which must be more than its ${features} features` };
}

/** @throws UsageError when a metric needs more samples, or the held-out data has less than twice as many */
export function checkSamples(data: EvaluatedData, heldOut: number, samples: number): void {
  const least = leastSamples(data);
  if (samples < least.samples) {
    throw new UsageError(`--samples ${samples} are too few: ${data} needs at least ${least.samples}, for ${least.why}`);
  }
  if (2 * samples > heldOut) {
    throw new UsageError(
      `--samples ${samples} are too many: ${data} has ${heldOut} held-out samples and the real floor needs twice --samples of them, so at most ${Math.floor(heldOut / 2)}`,
    );
  }
}

/** @throws UsageError as `checkSamples` does */
export function realReference(
  gram: Gram,
  network: FeatureNetwork | undefined,
  { name, dataset }: { name: EvaluatedData; dataset: Dataset },
  { samples, seed, modeSamples = name === 'stacked-mnist' ? STACKED_MODE_SAMPLES : undefined }: RealOptions,
): RealReference {
  checkSamples(name, dataset.heldOut, samples);
  const near = Math.min(dataset.count, dataset.heldOut - samples);
  const trainingOrder = permutation(randomStream(seed, 'evaluation-training'), dataset.count);
  const heldOutOrder = permutation(randomStream(seed, 'evaluation-held-out'), dataset.heldOut);
  const seeTraining = (order: Uint32Array) =>
    viewInChunks(name, network, order.length, (first, next) => dataset.gather(order.subarray(first, next)));
  const seeHeldOut = (order: Uint32Array) =>
    viewInChunks(name, network, order.length, (first, next) => dataset.gatherHeldOut(order.subarray(first, next)));
  const nearTraining = seeTraining(trainingOrder.subarray(0, near));
  const nearHeldOut = seeHeldOut(heldOutOrder.subarray(samples, samples + near));
  const training = firstOf(nearTraining, samples);
  const floorModes = modeSamples === undefined ? undefined : seeTraining(trainingOrder.subarray(0, modeSamples));
  return {
    data: name,
    samples,
    modeSamples: modeSamples ?? samples,
    training,
    balls: realBalls(gram, training.features),
    ...(isMixture(name) ? {} : { gaussian: gaussianOf(training.features) }),
    nearTraining: nearTraining.features,
    nearHeldOut: nearHeldOut.features,
    floor: seeHeldOut(heldOutOrder.subarray(0, samples)),
    ...(floorModes === undefined ? {} : { floorModes }),
    judged: {
      training: dataset.gather(trainingOrder.subarray(0, samples)),
      heldOut: dataset.gatherHeldOut(heldOutOrder.subarray(0, samples)),
    },
  };
}

/** The figures of one group of samples, and of two generators beside each other. */
import { isMixture } from '../data/mixtures.js';
import type { Evaluation, GroupMetrics } from './evaluation.js';
import { CLASSES } from './feature-network.js';
import { meanNearest } from './distances.js';
import { frechetDistance, gaussianOf } from './frechet.js';
import { countsOf, entropyOf, jensenShannon, modesOf, modesTenthOf, reverseKlOf } from './histogram.js';
import { KID_SUBSETS, kid } from './kid.js';
import type { Gram } from './matrix.js';
import { neighbourhoods } from './neighbourhoods.js';
import { probeAccuracy } from './probe.js';
import type { RealReference } from './real-reference.js';
import { type View, modeCounts, modesIn } from './view.js';

/**
 * Every metric that the data has.
 * @param group as many samples as the reference has
 * @param counted what modes are counted over, where that is more
 */
export function measureGroup(
  gram: Gram,
  real: RealReference,
  group: View,
  seed: number,
  counted: View = group,
): GroupMetrics {
  const { gaussian } = real;
  const nearestTraining = meanNearest(gram, group.features, real.nearTraining);
  const nearestHeldOut = meanNearest(gram, group.features, real.nearHeldOut);
  return {
    kid: kid(gram, group.features, real.training.features, { ...KID_SUBSETS, seed }),
    ...(gaussian === undefined ? {} : { fidMnistCnn: frechetDistance(gaussianOf(group.features), gaussian) }),
    ...neighbourhoods(gram, real.balls, group.features),
    ...measureModes(counted),
    nearestTraining,
    nearestHeldOut,
    // Both are 0 only for samples that all stand in both sets: then there is nothing to say.
    ...(nearestHeldOut === 0 ? {} : { memorisation: nearestTraining / nearestHeldOut }),
  };
}

/** Modes, their evenness, and the quality of points; cheap. */
export function measureModes(view: View): GroupMetrics {
  const { data, digits, counted } = view;
  const counts = modeCounts(view);
  const expected = counted.length;
  const reverseKl = data === 'mnist' ? undefined : reverseKlOf(counts);
  return {
    ...(digits === undefined ? {} : { classEntropy: entropyOf(countsOf(digits, CLASSES)) }),
    modes: modesOf(counts),
    modesTenth: modesTenthOf(counts, expected),
    ...(isMixture(data) ? { highQuality: counted.reduce((sum, one) => sum + one, 0) / expected } : {}),
    ...(reverseKl === undefined ? {} : { reverseKl }),
  };
}

/** How alike two generators are; their samples come of different latents. */
export function measureOverlap(
  gram: Gram,
  generators: [string, string],
  a: View,
  b: View,
  seed: number,
): Evaluation['overlap'][number] {
  const classes = modesIn(a.data);
  return {
    generators,
    kid: kid(gram, a.features, b.features, { ...KID_SUBSETS, seed }),
    probeAccuracy: probeAccuracy(gram, a.features, b.features),
    // A thousand modes are too many for so few samples: two draws of one distribution would look unlike.
    ...(a.data === 'stacked-mnist'
      ? { classDivergence: jensenShannon(countsOf(a.digits ?? [], CLASSES), countsOf(b.digits ?? [], CLASSES)) }
      : { classDivergence: jensenShannon(countsOf(a.modes, classes), countsOf(b.modes, classes)) }),
  };
}

/** What the discriminator thinks of real samples that it was and was not trained on. @param logits [n] each */
export function measureDiscriminator(training: Float32Array, heldOut: Float32Array): Evaluation['discriminator'] {
  const mean = (logits: Float32Array) => logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  const accuracy = (logits: Float32Array) => logits.filter((logit) => logit > 0).length / logits.length;
  return {
    training: mean(training),
    heldOut: mean(heldOut),
    gap: mean(training) - mean(heldOut),
    accuracyTraining: accuracy(training),
    accuracyHeldOut: accuracy(heldOut),
  };
}

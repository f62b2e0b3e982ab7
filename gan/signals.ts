/** What tells how a game goes while it is played: computed from what the step has in its hands anyway. */
import { sigmoid } from './losses.js';
import type { Verdict } from './verdict.js';

/** Of a larger batch the first so many count: the pairs grow with the square. */
const MOST_COMPARED = 128;

/** mean_j sigmoid(logit_j): how real the discriminator thinks these samples are, 0 to 1. */
export function meanScore(logits: Float32Array): number {
  return logits.reduce((sum, logit) => sum + sigmoid(logit), 0) / logits.length;
}

/**
 * Mean Euclidean distance between two different samples of a batch; of at most its first 128.
 *
 * @param samples [batch, ...sample]
 * @param size values of one sample
 */
export function meanPairwiseDistance(samples: Float32Array, size: number): number {
  const count = Math.min(samples.length / size, MOST_COMPARED);
  let sum = 0;
  for (let a = 0; a < count; a += 1) {
    for (let b = a + 1; b < count; b += 1) {
      let square = 0;
      for (let i = 0; i < size; i += 1) {
        const difference = (samples[a * size + i] as number) - (samples[b * size + i] as number);
        square += difference * difference;
      }
      sum += Math.sqrt(square);
    }
  }
  return count < 2 ? 0 : sum / ((count * (count - 1)) / 2);
}

/**
 * How far apart a generator's samples lie, relative to the real ones: 1 is as far, 0 is one sample again and again.
 *
 * @param real [batch, ...sample]
 * @param fakes [generators * batch, ...sample], in the generators' order
 * @returns one number a generator; 1 where the real samples are all the same, which nobody can fall short of
 */
export function relativeDiversity(real: Float32Array, fakes: Float32Array, batch: number): number[] {
  const size = real.length / batch;
  const reference = meanPairwiseDistance(real, size);
  return Array.from({ length: fakes.length / real.length }, (_, i) => {
    const own = meanPairwiseDistance(fakes.subarray(i * real.length, (i + 1) * real.length), size);
    return reference === 0 ? 1 : own / reference;
  });
}

/** What part of the weights w_ij of the generators' loss each generator got; together 1. */
export function updateShares({ generatorWeights }: Pick<Verdict, 'generatorWeights'>): number[] {
  const weights = generatorWeights.map((each) => each.reduce((sum, weight) => sum + weight, 0));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (all === 0 ? 1 / weights.length : weight / all));
}

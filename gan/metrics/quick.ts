/** A look at the samples' quality while a run trains: about 500 samples a group, in a fraction of a second. */
import type { Dataset } from '../data/dataset.js';
import { isMixture } from '../data/mixtures.js';
import type { Engine } from '../engine/index.js';
import { permutation, randomStream } from '../random.js';
import type { EvaluatedData } from './evaluation.js';
import type { FeatureNetwork } from './feature-network.js';
import { KID_SUBSETS, kid } from './kid.js';
import { engineGram } from './matrix.js';
import { measureModes } from './measure.js';
import { type View, mixtureOf, viewOf } from './view.js';

export interface QuickMetrics {
  /** Against training samples. */
  kid: number;
  /** Not for stacked MNIST, whose 1,000 modes need more samples. */
  modes?: number;
  /** Of points. */
  highQuality?: number;
  /** Of images. */
  classEntropy?: number;
}

/** The training samples that quick looks measure against: seen once for a run. @param count such as 500 */
export function quickReference(
  features: FeatureNetwork | undefined,
  { name, dataset }: { name: EvaluatedData; dataset: Dataset },
  count: number,
  seed: number,
): View {
  const chosen = permutation(randomStream(seed, 'quick-training'), dataset.count).subarray(0, count);
  return viewOf(name, features, dataset.gather(chosen));
}

/**
 * @param features for images
 * @param samplesByGenerator [n, ...shape of the data] by role, such as generator-1; as many of each
 * @returns by group: each generator, and `mixture`
 */
export function quickQuality(
  engine: Engine,
  features: FeatureNetwork | undefined,
  data: EvaluatedData,
  samplesByGenerator: Readonly<Record<string, Float32Array<ArrayBuffer>>>,
  real: View,
  seed: number,
): Record<string, QuickMetrics> {
  const gram = engineGram(engine);
  const views = Object.entries(samplesByGenerator).map(
    ([role, samples]) => [role, viewOf(data, features, samples)] as const,
  );
  const groups = [['mixture', mixtureOf(views.map(([, view]) => view))] as const, ...views];
  return Object.fromEntries(
    groups.map(([group, view]) => {
      const { modes, highQuality, classEntropy } = measureModes(view);
      return [
        group,
        {
          kid: kid(gram, view.features, real.features, { ...KID_SUBSETS, seed }),
          ...(data === 'stacked-mnist' || modes === undefined ? {} : { modes }),
          ...(isMixture(data) && highQuality !== undefined ? { highQuality } : {}),
          ...(classEntropy === undefined ? {} : { classEntropy }),
        },
      ];
    }),
  );
}

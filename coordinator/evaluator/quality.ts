/** What is measured of a checkpoint while the run goes on: the one door from the evaluator to gan/metrics. */
import { DuetError } from '../../common/errors.js';
import type { Dataset } from '../../gan/data/dataset.js';
import { isMixture } from '../../gan/data/mixtures.js';
import { openDataset } from '../../gan/data/open.js';
import type { Engine } from '../../gan/engine/index.js';
import { cacheFolder } from '../../gan/engine/prepare/prepared.js';
import { evaluationLatents } from '../../gan/latents.js';
import type { EvaluatedData } from '../../gan/metrics/evaluation.js';
import type { FeatureNetwork } from '../../gan/metrics/feature-network.js';
import { prepareFeatures } from '../../gan/metrics/feature-store.js';
import { KID_SUBSETS, kid } from '../../gan/metrics/kid.js';
import { engineGram } from '../../gan/metrics/matrix.js';
import { quickQuality, quickReference } from '../../gan/metrics/quick.js';
import { type View, modesIn, viewOf } from '../../gan/metrics/view.js';
import { architectureOf } from '../../gan/network/role-architecture.js';
import { drawSamples } from '../../gan/network/sampling.js';
import { permutation, randomStream } from '../../gan/random.js';
import { generatorWeights } from '../cli/trained.js';
import { engineOf } from '../engines/beside.js';
import { readRecord } from '../run/config/record.js';
import type { RunDirectory } from '../run/directory.js';
import type { Measured } from '../run/journal/quality.js';
import { rolesOf } from '../training/crew/roles.js';

/** Samples of each generator, of the mixture, and of the training data that they are held against. */
const SAMPLES = 500;
/** Batches of held-out data whose KID shows what is noise. */
const FLOOR_BATCHES = 10;

/** @throws DuetError when the checkpoint cannot be read, or gives what is no number */
export type Measure = (step: number) => Measured;

/**
 * Loads all that an evaluation needs, once: the engine, the feature network (trained if it was not, about a minute), data.
 *
 * @param say what takes long
 * @throws DuetError when the engine is not prepared on this machine, UsageError when the data cannot be opened
 */
export async function openMeasure(directory: RunDirectory, say: (text: string) => void): Promise<Measure> {
  const { training, engine: chosen } = readRecord(directory);
  // The run's own; not prepared for it: that takes a download that an evaluation is not worth.
  const engine = await engineOf(chosen.name);
  const data = training.data as EvaluatedData;
  const dataset = await openDataset(data, { seed: training.seed, imageSize: training.imageSize });
  const features = isMixture(data) ? undefined : await featureNetwork(engine, say);
  const reference = quickReference(features, { name: data, dataset }, SAMPLES, training.seed);
  const floor = floorOf(engine, features, data, dataset, reference, training.seed);
  const architecture = architectureOf('generator-1', training, dataset.shape);
  const z = evaluationLatents(training.seed, SAMPLES, training.latent);
  return (step) => {
    const samples = Object.fromEntries(
      rolesOf(training.generators)
        .slice(1)
        .map((role) => [role, drawSamples(engine, architecture, generatorWeights(directory, step, role), z)]),
    );
    const { mixture, ...generators } = quickQuality(engine, features, data, samples, reference, training.seed);
    if (mixture === undefined || !Number.isFinite(mixture.kid)) {
      throw new DuetError(`the KID of step ${step} is ${mixture?.kid}`);
    }
    return {
      ...mixture,
      ...(mixture.modes === undefined ? {} : { modesOf: modesIn(data) }),
      generators: Object.fromEntries(Object.entries(generators).map(([role, metrics]) => [role, metrics.kid])),
      floor,
    };
  };
}

async function featureNetwork(engine: Engine, say: (text: string) => void): Promise<FeatureNetwork> {
  let said = false;
  return prepareFeatures(engine, {
    cache: cacheFolder(process.env),
    waiting: () => say('evaluations wait for another process that trains the feature network'),
    onProgress: () => {
      if (!said) say('training the feature network of the evaluations, once on this machine (beside the run)');
      said = true;
    },
  });
}

/** The largest |KID| of batches of real data that training never sees: a model below it cannot be told from real data. */
function floorOf(
  engine: Engine,
  features: FeatureNetwork | undefined,
  data: EvaluatedData,
  dataset: Dataset,
  reference: View,
  seed: number,
): number {
  const gram = engineGram(engine);
  const order = permutation(randomStream(seed, 'evaluation-floor'), dataset.heldOut);
  const figures = Array.from({ length: FLOOR_BATCHES }, (_, i) => {
    const batch = dataset.gatherHeldOut(order.subarray(i * SAMPLES, (i + 1) * SAMPLES));
    return Math.abs(kid(gram, viewOf(data, features, batch).features, reference.features, { ...KID_SUBSETS, seed }));
  });
  return Math.max(...figures);
}

/** The document that an evaluation of one checkpoint leaves: RUN/evaluation/step-000500.json. */
import { z } from 'zod';
import { UsageError } from '../../common/errors.js';
import { METRIC_NAMES, type MetricName } from './catalogue.js';

export const EVALUATED_DATA = ['mnist', 'stacked-mnist', 'ring8', 'grid25'] as const;
export type EvaluatedData = (typeof EVALUATED_DATA)[number];

export const FEATURE_NETWORK = 'mnist-cnn';

const featuresSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal(FEATURE_NETWORK),
    /** Of the network's file. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Share of the 10,000 test digits that it names rightly. */
    testAccuracy: z.number().min(0).max(1),
  }),
  /** Points are their own features. */
  z.strictObject({ name: z.literal('coordinates') }),
]);
export type Features = z.output<typeof featuresSchema>;

const groupSchema = z.partialRecord(z.enum(METRIC_NAMES), z.number());
export type GroupMetrics = Partial<Record<MetricName, number>>;

export const evaluationSchema = z.strictObject({
  /** Id of the run. */
  run: z.string(),
  step: z.int().min(0),
  /** Of each group. */
  samples: z.int().min(1),
  seed: z.int().min(0),
  data: z.enum(EVALUATED_DATA),
  features: featuresSchema,
  /** real (the floor: training data against held-out data), mixture, generator-1, ... */
  groups: z.record(z.string(), groupSchema),
  /** Of every pair of generators. */
  overlap: z.array(
    z.strictObject({
      generators: z.tuple([z.string(), z.string()]),
      kid: z.number(),
      /** Held-out accuracy of a probe that tells the two apart; 0.5: it cannot. */
      probeAccuracy: z.number(),
      /** Jensen-Shannon divergence of the class histograms, nats. */
      classDivergence: z.number().optional(),
    }),
  ),
  /** Its mean logits and accuracies on training data and on held-out data; gap = training - heldOut. */
  discriminator: z.strictObject({
    training: z.number(),
    heldOut: z.number(),
    gap: z.number(),
    accuracyTraining: z.number(),
    accuracyHeldOut: z.number(),
  }),
});
export type Evaluation = z.output<typeof evaluationSchema>;

/**
 * Distances in one network's features say nothing about those in another's.
 * @throws UsageError when two evaluations were measured with different features
 */
export function assertSameFeatures(
  a: Pick<Evaluation, 'run' | 'step' | 'features'>,
  b: Pick<Evaluation, 'run' | 'step' | 'features'>,
): void {
  const [one, other] = [describeFeatures(a.features), describeFeatures(b.features)];
  if (one === other) return;
  throw new UsageError(
    `the evaluations of ${a.run} at step ${a.step} (${one}) and of ${b.run} at step ${b.step} (${other}) are not comparable: evaluate both again on one machine with the same feature network`,
  );
}

function describeFeatures(features: Features): string {
  return features.name === FEATURE_NETWORK ? `${features.name} ${features.sha256.slice(0, 12)}` : features.name;
}

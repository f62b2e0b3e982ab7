/** The figures of an evaluation: what they are called and how to read them (docs/metrics.md has the formulas). */

export const METRIC_NAMES = [
  'kid',
  'fidMnistCnn',
  'precision',
  'recall',
  'density',
  'coverage',
  'classEntropy',
  'modes',
  'modesTenth',
  'highQuality',
  'reverseKl',
  'nearestTraining',
  'nearestHeldOut',
  'memorisation',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

export interface MetricDescription {
  /** For tables and axes; a value on features that are not Inception's says so here. */
  title: string;
  /** none: neither direction is better in itself; compare it with the real data's. */
  better: 'lower' | 'higher' | 'none';
  /** Decimals that are worth printing. */
  digits: number;
  /** One sentence. */
  about: string;
}

export const METRICS: Readonly<Record<MetricName, MetricDescription>> = {
  kid: {
    title: 'KID (MNIST CNN)',
    better: 'lower',
    digits: 4,
    about:
      'Unbiased squared maximum mean discrepancy to training data, cubic kernel; on points, of their coordinates. May be slightly negative.',
  },
  fidMnistCnn: {
    title: 'FID (MNIST CNN)',
    better: 'lower',
    digits: 2,
    about:
      'Fréchet distance of Gaussians fitted to features of the MNIST CNN; comparable at the same sample size only.',
  },
  precision: {
    title: 'Precision',
    better: 'higher',
    digits: 3,
    about: 'Share of samples that lie within the training data (3 nearest neighbours).',
  },
  recall: {
    title: 'Recall',
    better: 'higher',
    digits: 3,
    about: 'Share of training data that lies within the samples (3 nearest neighbours).',
  },
  density: {
    title: 'Density',
    better: 'higher',
    digits: 3,
    about:
      'How many neighbourhoods of training data (5 nearest neighbours) a sample lies in, 1 for real data; may exceed 1.',
  },
  coverage: {
    title: 'Coverage',
    better: 'higher',
    digits: 3,
    about: 'Share of training data with a sample in its neighbourhood (5 nearest neighbours).',
  },
  classEntropy: {
    title: 'Class entropy',
    better: 'higher',
    digits: 3,
    about: 'Entropy of the histogram of digits, nats; at most ln 10 = 2.303.',
  },
  modes: {
    title: 'Modes',
    better: 'higher',
    digits: 0,
    about: 'Modes (digits, triples of digits, Gaussians) with at least one sample; of points, one high-quality sample.',
  },
  modesTenth: {
    title: 'Modes at 10 %',
    better: 'higher',
    digits: 0,
    about: 'Modes with at least a tenth of the samples that a uniform generator would give them.',
  },
  highQuality: {
    title: 'High quality',
    better: 'higher',
    digits: 4,
    about: 'Share of points within 3 standard deviations of a mode; 0.9889 for a perfect model.',
  },
  reverseKl: {
    title: 'Reverse KL',
    better: 'lower',
    digits: 3,
    about: "Kullback-Leibler divergence of the samples' modes from the uniform distribution, nats.",
  },
  nearestTraining: {
    title: 'Nearest training',
    better: 'none',
    digits: 4,
    about: 'Mean distance of a sample to the nearest of the training samples.',
  },
  nearestHeldOut: {
    title: 'Nearest held-out',
    better: 'none',
    digits: 4,
    about: 'Mean distance of a sample to the nearest of as many held-out samples.',
  },
  memorisation: {
    title: 'Memorisation',
    better: 'none',
    digits: 3,
    about: 'Nearest training over nearest held-out; clearly below 1: samples repeat the training data.',
  },
};

/** The title of a metric in the features that it was measured in: of points, KID is that of their coordinates. */
export function titleOf(metric: MetricName, features: string): string {
  const { title } = METRICS[metric];
  return features === 'coordinates' ? title.replace('MNIST CNN', 'coordinates') : title;
}

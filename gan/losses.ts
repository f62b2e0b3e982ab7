/**
 * The losses of one logit `a`, each with its derivative. Logits throughout: softplus(a) = log(1 + e^a), never log(sigmoid(a)).
 *
 * Sources: Goodfellow et al. 2014 (minimax and non-saturating); Lim and Ye 2017, Miyato et al. 2018 (hinge).
 */
export const LOSS_NAMES = ['non-saturating', 'minimax', 'hinge'] as const;
export type LossName = (typeof LOSS_NAMES)[number];

/** A function of one logit and its derivative. */
export interface ScalarLoss {
  value(logit: number): number;
  slope(logit: number): number;
}

export interface AdversarialLoss {
  /** The discriminator's loss on a real sample. */
  real: ScalarLoss;
  /** The discriminator's loss on a generated sample. */
  fake: ScalarLoss;
  /** A generator's loss on its own sample. */
  generator: ScalarLoss;
}

/** log(1 + e^x) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e^-x) without overflow. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

const realSoftplus: ScalarLoss = { value: (a) => softplus(-a), slope: (a) => -sigmoid(-a) };
const fakeSoftplus: ScalarLoss = { value: softplus, slope: sigmoid };

const LOSSES: Record<LossName, AdversarialLoss> = {
  'non-saturating': { real: realSoftplus, fake: fakeSoftplus, generator: realSoftplus },
  minimax: {
    real: realSoftplus,
    fake: fakeSoftplus,
    generator: { value: (a) => -softplus(a), slope: (a) => -sigmoid(a) },
  },
  hinge: {
    real: { value: (a) => Math.max(0, 1 - a), slope: (a) => (a < 1 ? -1 : 0) },
    fake: { value: (a) => Math.max(0, 1 + a), slope: (a) => (a > -1 ? 1 : 0) },
    generator: { value: (a) => -a, slope: () => -1 },
  },
};

export function lossNamed(name: LossName): AdversarialLoss {
  return LOSSES[name];
}

/** A weighted mean over a batch, (1/batch) sum_j weight_j loss(logit_j), with its gradient for every logit. */
export interface BatchLoss {
  value: number;
  /** d value / d logit_j, [batch]. */
  gradient: Float32Array;
}

/** `weights` [batch] defaults to 1 for every sample. The sum is taken in double precision, in index order. */
export function batchLoss(loss: ScalarLoss, logits: Float32Array, weights?: Float32Array): BatchLoss {
  const gradient = new Float32Array(logits.length);
  let sum = 0;
  for (const [j, logit] of logits.entries()) {
    const weight = weights === undefined ? 1 : (weights[j] ?? 0);
    // A weight of 0 leaves the term out even where its loss is infinite.
    if (weight === 0) continue;
    sum += weight * loss.value(logit);
    gradient[j] = (weight * loss.slope(logit)) / logits.length;
  }
  return { value: sum / logits.length, gradient };
}

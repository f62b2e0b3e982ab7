/**
 * The average-loss rule: which of x, G1(z), ..., GN(z) did the discriminator judge most real, and whose loss counts.
 *
 * | judged most real | generators' weights w          | discriminator's weights f of the fake terms          |
 * | ---------------- | ------------------------------ | ---------------------------------------------------- |
 * | x                | 1/N each                       | all: 1/N each ('mean') or 1 each ('sum')             |
 * | Gk               | 0 for Gk, 1/(N-1) for the rest | terms 'verdict': 0 for Gk, the others 1/(N-1) or 1   |
 *
 * The discriminator's term for x always has weight 1. With one generator there is nobody else to train when it wins,
 * so its weight stays 1 and the rule is the plain GAN.
 */
import { FaultyStepError } from '../common/errors.js';

export const GENERATOR_LOSSES = ['verdict-average', 'average', 'sum'] as const;
export const VERDICT_SCOPES = ['sample', 'batch'] as const;
export const DISCRIMINATOR_TERMS = ['all', 'verdict'] as const;
export const FAKE_WEIGHTS = ['mean', 'sum'] as const;

export interface VerdictOptions {
  /** Whose loss counts: the table above, every generator by 1/N, or every generator by 1 (the Stackelberg GAN). */
  generatorLoss: (typeof GENERATOR_LOSSES)[number];
  /** One verdict for every sample, or one for the step, from the mean logits. */
  verdict: (typeof VERDICT_SCOPES)[number];
  /** Whether the discriminator trains on every fake, or leaves out the fake that it judged most real. */
  discriminatorTerms: (typeof DISCRIMINATOR_TERMS)[number];
  /** 'mean': all fakes of a sample together weigh as much as x. 'sum': each fake weighs as much as x. */
  fakeWeight: (typeof FAKE_WEIGHTS)[number];
}

export interface Verdict {
  /** Per sample: 0 when x won, k when generator k won. [batch] */
  winners: Uint8Array;
  /** How often each won: counts[0] for x, counts[k] for generator k. They sum to the batch. */
  counts: number[];
  /** w_ij of the generators' loss, one array [batch] a generator. */
  generatorWeights: Float32Array[];
  /** f_ij of the discriminator's fake terms, one array [batch] a generator. */
  fakeWeights: Float32Array[];
}

/**
 * @param real logits of x, [batch]
 * @param fakes logits of each generator's samples, [batch] each
 * @throws FaultyStepError when a logit is not finite: NaN compares false with everything and would hand x the verdict
 */
export function judge(real: Float32Array, fakes: readonly Float32Array[], options: VerdictOptions): Verdict {
  assertFinite(real, 'x');
  for (const [i, logits] of fakes.entries()) {
    if (logits.length !== real.length) {
      throw new RangeError(`generator-${i + 1} has ${logits.length} logits, x has ${real.length}`);
    }
    assertFinite(logits, `generator-${i + 1}`);
  }
  const winners = options.verdict === 'sample' ? winnersBySample(real, fakes) : winnersByBatch(real, fakes);
  const counts = new Array<number>(fakes.length + 1).fill(0);
  for (const winner of winners) counts[winner] = (counts[winner] ?? 0) + 1;
  return {
    winners,
    counts,
    generatorWeights: fakes.map((_, i) =>
      Float32Array.from(winners, (winner) => generatorWeight(winner, i + 1, fakes.length, options)),
    ),
    fakeWeights: fakes.map((_, i) =>
      Float32Array.from(winners, (winner) => fakeWeight(winner, i + 1, fakes.length, options)),
    ),
  };
}

function generatorWeight(winner: number, generator: number, count: number, options: VerdictOptions): number {
  if (options.generatorLoss === 'sum') return 1;
  if (options.generatorLoss === 'average' || winner === 0 || count === 1) return 1 / count;
  return winner === generator ? 0 : 1 / (count - 1);
}

function fakeWeight(winner: number, generator: number, count: number, options: VerdictOptions): number {
  const leaveOut = options.discriminatorTerms === 'verdict' && winner !== 0;
  if (leaveOut && winner === generator) return 0;
  if (options.fakeWeight === 'sum') return 1;
  return 1 / (leaveOut ? count - 1 : count);
}

function winnersBySample(real: Float32Array, fakes: readonly Float32Array[]): Uint8Array {
  return Uint8Array.from(real, (logit, j) =>
    indexOfFirstMaximum([logit, ...fakes.map((fake) => fake[j] ?? Number.NEGATIVE_INFINITY)]),
  );
}

function winnersByBatch(real: Float32Array, fakes: readonly Float32Array[]): Uint8Array {
  return new Uint8Array(real.length).fill(indexOfFirstMaximum([real, ...fakes].map(mean)));
}

/** Ties go to the lowest index: to x, then to the lowest generator. */
function indexOfFirstMaximum(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? value) ? index : best), 0);
}

function mean(logits: Float32Array): number {
  return logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
}

function assertFinite(logits: Float32Array, of: string): void {
  const bad = logits.find((logit) => !Number.isFinite(logit));
  if (bad !== undefined) throw new FaultyStepError(`the discriminator's logit of ${of} is ${bad}: the step is faulty`);
}

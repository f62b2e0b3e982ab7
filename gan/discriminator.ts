/**
 * The discriminator: its network, its state, and its half of a step in three phases.
 * The first two make an update; with `discriminatorSteps` they come several times before the third, on new samples each.
 */
import type { Architecture } from './network/architecture.js';
import { concatenate, split } from './network/arrays.js';
import type { TrainingConfig } from './config.js';
import type { Engine, Tensor } from './engine/index.js';
import type { Judgement } from './generator.js';
import { assertFiniteNorm, globalNorm } from './network/gradient-norm.js';
import { initialWeights } from './network/initialise.js';
import type { Weights } from './network/layer-pass.js';
import { type AdversarialLoss, batchLoss, lossNamed } from './losses.js';
import { Pass } from './network/network.js';
import { architectureOf } from './network/role-architecture.js';
import { RoleState } from './network/role-state.js';
import { meanScore } from './signals.js';
import { type NormalisedWeights, SpectralNorm } from './network/spectral-norm.js';
import { type Verdict, judge } from './verdict.js';

/** What the first phase leaves for the second. Dispose of it in any case: a step can be called off between the two. */
export interface RealHalf extends Disposable {
  loss: number;
  logits: Float32Array;
  /** Of L_D's term for x, as one vector. */
  gradient: Tensor;
  computedWith: NormalisedWeights;
  /** Spectral norm's u and v after this update's power iteration. */
  vectors: Record<string, Tensor>;
  /** True once the vectors belong to the state. */
  staged: boolean;
}

export interface DiscriminatorUpdate {
  /** L_D of the update. */
  loss: number;
  /** Global L2 norm of the gradient. */
  gradientNorm: number;
  verdict: Verdict;
  /** Mean D(x), D(G_1(z)), ..., D(G_N(z)) as probabilities, by the weights before the update. */
  scores: number[];
}

/** What a generator gets back: its term of L_G with the gradient, and its plain loss for people to read. */
export interface FakeJudgement extends Judgement {
  /** mean_j l_G(D(G_i(z_j))), whatever the rule says of its weight. */
  generatorLoss: number;
}

export class Discriminator {
  readonly architecture: Architecture;
  readonly state: RoleState;
  readonly #engine: Engine;
  readonly #config: TrainingConfig;
  readonly #loss: AdversarialLoss;
  readonly #spectralNorm: SpectralNorm;

  constructor(engine: Engine, config: TrainingConfig, sample: readonly number[]) {
    this.architecture = architectureOf('discriminator', config, sample);
    this.state = new RoleState(engine, this.architecture, config, () =>
      initialWeights(this.architecture, config.seed, 'discriminator'),
    );
    this.#engine = engine;
    this.#config = config;
    this.#loss = lossNamed(config.loss);
    this.#spectralNorm = new SpectralNorm(engine, this.architecture);
  }

  /**
   * Phase 1, while the generators run forward: L_D's term for x, by the weights that earlier updates of the step left.
   * @param x [batch, ...sample]
   */
  realHalf(x: Float32Array): RealHalf {
    const vectors = this.#spectralNorm.iterate(this.state.latest);
    const computedWith = this.#spectralNorm.normalise(this.state.latest, vectors);
    using pass = this.#pass(computedWith.weights, x);
    const logits = pass.values();
    const { value, gradient } = batchLoss(this.#loss.real, logits);
    const ofReal = this.#weightGradient(pass, gradient, computedWith);
    const { tf } = this.#engine;
    return {
      loss: value,
      logits,
      gradient: ofReal,
      computedWith,
      vectors,
      staged: false,
      [Symbol.dispose]() {
        computedWith[Symbol.dispose]();
        tf.dispose(this.staged ? ofReal : [ofReal, vectors]);
      },
    };
  }

  /**
   * Phase 2, when all fakes are there: verdict, L_D's terms for the fakes, and the staged update.
   * The verdict is taken here, where x and the fakes are judged by the same weights in passes that happen anyway.
   *
   * @param fakes [generators * batch, ...sample], in the generators' order
   * @throws FaultyStepError when a logit or the gradient is not finite
   */
  update(real: RealHalf, fakes: Float32Array): DiscriminatorUpdate {
    using pass = this.#pass(real.computedWith.weights, fakes);
    const logits = split(pass.values(), this.#config.generators);
    const verdict = judge(real.logits, logits, this.#config);
    const { value, gradient } = joined(
      logits.map((each, i) => batchLoss(this.#loss.fake, each, verdict.fakeWeights[i])),
    );
    const ofFakes = this.#weightGradient(pass, gradient, real.computedWith);
    const whole = real.gradient.add(ofFakes);
    ofFakes.dispose();
    const gradientNorm = globalNorm(this.#engine, whole);
    this.state.stage(whole, real.vectors);
    real.staged = true;
    assertFiniteNorm(gradientNorm, 'discriminator');
    return { loss: real.loss + value, gradientNorm, verdict, scores: [real.logits, ...logits].map(meanScore) };
  }

  /**
   * Phase 3: the generators' losses and what they need to go on, all generators in one pass.
   * With the alternating order the updated weights judge; spectral norm's vectors are the last update's.
   *
   * @param fakes of the step's last update
   * @returns a judgement a generator; their gradients are views of one buffer
   */
  judgeFakes(fakes: Float32Array, { generatorWeights }: Verdict): FakeJudgement[] {
    const { latest, committed } = this.state;
    using judging = this.#spectralNorm.normalise(this.#config.order === 'alternating' ? latest : committed, latest);
    using pass = this.#pass(judging.weights, fakes);
    const logits = split(pass.values(), this.#config.generators);
    const losses = logits.map((each, i) => batchLoss(this.#loss.generator, each, generatorWeights[i]));
    const { input } = pass.gradients(joined(losses).gradient, { weights: false, input: true });
    const gradients = split((input as Tensor).dataSync<'float32'>(), this.#config.generators);
    input?.dispose();
    return logits.map((each, i) => ({
      value: losses[i]?.value ?? Number.NaN,
      generatorLoss: batchLoss(this.#loss.generator, each).value,
      gradient: gradients[i] as Float32Array,
    }));
  }

  /** @param x [n, ...sample] @returns logits [n] of the committed weights */
  logits(x: Float32Array): Float32Array {
    const { committed } = this.state;
    using judging = this.#spectralNorm.normalise(committed, committed);
    using pass = this.#pass(judging.weights, x);
    return pass.values();
  }

  /**
   * The largest singular value of each layer's kernel as it was before any normalisation: with spectral norm the sigma
   * that the layer is divided by, without it an estimate of some power iterations. By the committed weights.
   */
  sigmas(): Record<string, number> {
    return this.#spectralNorm.singularValues(this.state.committed);
  }

  #pass(weights: Weights, x: Float32Array): Pass {
    const { input } = this.architecture;
    const size = input.reduce((a, b) => a * b, 1);
    const tensor = this.#engine.tf.tensor(x, [x.length / size, ...input], 'float32');
    return new Pass(this.#engine, this.architecture, weights, tensor, true);
  }

  #weightGradient(pass: Pass, dLogits: Float32Array, computedWith: NormalisedWeights): Tensor {
    const { weights } = pass.gradients(dLogits, { weights: true, input: false });
    return this.state.join(computedWith.gradients(weights));
  }
}

/** The sum of per-generator losses as one loss of their concatenated logits. */
function joined(losses: readonly { value: number; gradient: Float32Array }[]): Judgement {
  return {
    value: losses.reduce((sum, loss) => sum + loss.value, 0),
    gradient: concatenate(losses.map((loss) => loss.gradient)),
  };
}

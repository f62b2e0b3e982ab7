/** The discriminator: its network, its state, and its half of a step in three phases. */
import { type Architecture, discriminatorArchitecture } from './architecture.js';
import type { TrainingConfig } from './config.js';
import { type Engine, type Operations, type Tensor, createOperations } from './engine/index.js';
import type { Judgement } from './generator.js';
import { assertFiniteNorm, globalNorm } from './gradient-norm.js';
import { initialWeights } from './initialise.js';
import type { Weights } from './layer-pass.js';
import { type AdversarialLoss, batchLoss, lossNamed } from './losses.js';
import { Pass } from './network.js';
import { RoleState } from './role-state.js';
import { type Verdict, judge } from './verdict.js';

/** What the first phase leaves for the second. */
export interface RealHalf {
  loss: number;
  logits: Float32Array;
  /** Of L_D's term for x, as one vector. */
  gradient: Tensor;
}

export interface DiscriminatorUpdate {
  /** L_D of the step. */
  loss: number;
  /** Global L2 norm of the gradient. */
  gradientNorm: number;
  verdict: Verdict;
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
  readonly #ops: Operations;
  readonly #config: TrainingConfig;
  readonly #loss: AdversarialLoss;

  constructor(engine: Engine, config: TrainingConfig, sample: readonly number[]) {
    this.architecture = discriminatorArchitecture({ sample, latent: config.latent, width: config.width });
    this.state = new RoleState(
      engine,
      this.architecture,
      config,
      initialWeights(this.architecture, config.seed, 'discriminator'),
    );
    this.#engine = engine;
    this.#ops = createOperations(engine);
    this.#config = config;
    this.#loss = lossNamed(config.loss);
  }

  /** Phase 1, while the generators run forward: L_D's term for x. @param x [batch, ...sample] */
  realHalf(x: Float32Array): RealHalf {
    using pass = this.#pass(this.state.committed, x);
    const logits = pass.values();
    const { value, gradient } = batchLoss(this.#loss.real, logits);
    return { loss: value, logits, gradient: this.#weightGradient(pass, gradient) };
  }

  /**
   * Phase 2, when all fakes are there: verdict, L_D's terms for the fakes, and the staged update.
   * The verdict is taken here, where x and the fakes are judged by the same weights in passes that happen anyway.
   *
   * @param fakes [generators * batch, ...sample], in the generators' order
   * @throws FaultyStepError when a logit or the gradient is not finite
   */
  update(real: RealHalf, fakes: Float32Array): DiscriminatorUpdate {
    try {
      using pass = this.#pass(this.state.committed, fakes);
      const logits = split(pass.values(), this.#config.generators);
      const verdict = judge(real.logits, logits, this.#config);
      const { value, gradient } = joined(
        logits.map((each, i) => batchLoss(this.#loss.fake, each, verdict.fakeWeights[i])),
      );
      const ofFakes = this.#weightGradient(pass, gradient);
      const whole = real.gradient.add(ofFakes);
      ofFakes.dispose();
      const gradientNorm = globalNorm(this.#engine, whole);
      this.state.stage(whole);
      assertFiniteNorm(gradientNorm, 'discriminator');
      return { loss: real.loss + value, gradientNorm, verdict };
    } finally {
      real.gradient.dispose();
    }
  }

  /**
   * Phase 3: the generators' losses and what they need to go on, all generators in one pass.
   * With the alternating order the updated weights judge.
   */
  judgeFakes(fakes: Float32Array, { generatorWeights }: Verdict): FakeJudgement[] {
    using pass = this.#pass(this.#config.order === 'alternating' ? this.state.latest : this.state.committed, fakes);
    const logits = split(pass.values(), this.#config.generators);
    const losses = logits.map((each, i) => batchLoss(this.#loss.generator, each, generatorWeights[i]));
    const { input } = pass.gradients(joined(losses).gradient, { weights: false, input: true });
    const gradients = split((input as Tensor).dataSync<'float32'>(), this.#config.generators);
    input?.dispose();
    return logits.map((each, i) => ({
      value: losses[i]?.value ?? Number.NaN,
      generatorLoss: batchLoss(this.#loss.generator, each).value,
      // A copy: each gradient goes to another process in a buffer of its own.
      gradient: (gradients[i] as Float32Array).slice(),
    }));
  }

  /** @param x [n, ...sample] @returns logits [n] of the committed weights */
  logits(x: Float32Array): Float32Array {
    using pass = this.#pass(this.state.committed, x);
    return pass.values();
  }

  #pass(weights: Weights, x: Float32Array): Pass {
    const { input } = this.architecture;
    const size = input.reduce((a, b) => a * b, 1);
    const tensor = this.#engine.tf.tensor(x, [x.length / size, ...input], 'float32');
    return new Pass(this.#engine, this.#ops, this.architecture, weights, tensor, true);
  }

  #weightGradient(pass: Pass, dLogits: Float32Array): Tensor {
    return this.state.join(pass.gradients(dLogits, { weights: true, input: false }).weights);
  }
}

/** One array of all parts, one after the other. */
export function concatenate(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Views of `parts` equal pieces. */
function split(values: Float32Array, parts: number): Float32Array[] {
  const size = values.length / parts;
  return Array.from({ length: parts }, (_, i) => values.subarray(i * size, (i + 1) * size));
}

/** The sum of per-generator losses as one loss of their concatenated logits. */
function joined(losses: readonly { value: number; gradient: Float32Array }[]): Judgement {
  return {
    value: losses.reduce((sum, loss) => sum + loss.value, 0),
    gradient: concatenate(losses.map((loss) => loss.gradient)),
  };
}

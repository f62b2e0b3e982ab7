/** The discriminator: its network, its state, and its half of a step in three phases. */
import { type Architecture, discriminatorArchitecture } from './architecture.js';
import type { TrainingConfig } from './config.js';
import {
  type Engine,
  type Operations,
  type Tensor,
  createOperations,
  differentiate,
  externalLoss,
} from './engine/index.js';
import type { Judgement } from './generator.js';
import { assertFiniteNorm, globalNorm } from './gradient-norm.js';
import { initialWeights } from './initialise.js';
import { type AdversarialLoss, batchLoss, lossNamed } from './losses.js';
import { forward } from './network.js';
import { RoleState } from './role-state.js';
import { type Verdict, judge } from './verdict.js';

/** What the first phase leaves for the second. */
export interface RealHalf {
  loss: number;
  logits: Float32Array;
  gradients: Record<string, Tensor>;
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
    let logits: Float32Array = new Float32Array();
    const input = this.#input(x);
    const { value, gradients } = differentiate(this.#engine, this.state.trainable, () =>
      externalLoss(this.#engine, this.#logits(this.state.committed, input), (values) => {
        logits = values;
        return batchLoss(this.#loss.real, values);
      }),
    );
    input.dispose();
    return { loss: value, logits, gradients };
  }

  /**
   * Phase 2, when all fakes are there: verdict, L_D's terms for the fakes, and the staged update.
   * The verdict is taken here, where x and the fakes are judged by the same weights in passes that happen anyway.
   *
   * @param fakes [batch, ...sample] of each generator, in the generators' order
   * @throws FaultyStepError when a logit or the gradient is not finite
   */
  update(real: RealHalf, fakes: readonly Float32Array[]): DiscriminatorUpdate {
    let verdict: Verdict | undefined;
    const input = this.#input(concatenate(fakes));
    try {
      const fake = differentiate(this.#engine, this.state.trainable, () =>
        externalLoss(this.#engine, this.#logits(this.state.committed, input), (values) => {
          const logits = split(values, fakes.length);
          verdict = judge(real.logits, logits, this.#config);
          const { fakeWeights } = verdict;
          return joined(logits.map((each, i) => batchLoss(this.#loss.fake, each, fakeWeights[i])));
        }),
      );
      const gradients = this.#sum(real.gradients, fake.gradients);
      const gradientNorm = globalNorm(this.#engine, gradients);
      this.state.stage(gradients);
      assertFiniteNorm(gradientNorm, 'discriminator');
      return { loss: real.loss + fake.value, gradientNorm, verdict: verdict as Verdict };
    } finally {
      input.dispose();
      this.#engine.tf.dispose(real.gradients);
    }
  }

  /**
   * Phase 3: the generators' losses and what they need to go on, all generators in one pass.
   * With the alternating order the updated weights judge.
   */
  judgeFakes(fakes: readonly Float32Array[], verdict: Verdict): FakeJudgement[] {
    const weights = this.#config.order === 'alternating' ? this.state.latest : this.state.committed;
    const input = this.#input(concatenate(fakes));
    let terms: { value: number; generatorLoss: number }[] = [];
    const { gradients } = differentiate(this.#engine, { input }, () =>
      externalLoss(this.#engine, this.#logits(weights, input), (values) => {
        const logits = split(values, fakes.length);
        const losses = logits.map((each, i) => batchLoss(this.#loss.generator, each, verdict.generatorWeights[i]));
        terms = logits.map((each, i) => ({
          value: losses[i]?.value ?? Number.NaN,
          generatorLoss: batchLoss(this.#loss.generator, each).value,
        }));
        return joined(losses);
      }),
    );
    const gradient = gradients['input'] as Tensor;
    const each = split(gradient.dataSync<'float32'>(), fakes.length);
    this.#engine.tf.dispose([gradient, input]);
    // Sliced: each gradient goes to another process in a buffer of its own.
    return terms.map((term, i) => ({ ...term, gradient: (each[i] as Float32Array).slice() }));
  }

  /** @param x [n, ...sample] @returns logits [n] of the committed weights */
  logits(x: Float32Array): Float32Array {
    return this.#engine.tf.tidy(() => this.#logits(this.state.committed, this.#input(x)).dataSync<'float32'>());
  }

  #logits(weights: Readonly<Record<string, Tensor>>, x: Tensor): Tensor {
    return forward(this.#ops, this.architecture, weights, x);
  }

  #input(x: Float32Array): Tensor {
    const { input } = this.architecture;
    const size = input.reduce((a, b) => a * b, 1);
    return this.#engine.tf.tensor(x, [x.length / size, ...input], 'float32');
  }

  /** Adds the two halves' gradients, and disposes of them. */
  #sum(a: Readonly<Record<string, Tensor>>, b: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const sums = Object.fromEntries(Object.entries(a).map(([name, tensor]) => [name, tensor.add(b[name] as Tensor)]));
    this.#engine.tf.dispose([a, b]);
    return sums;
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
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

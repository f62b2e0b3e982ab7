/** One generator: its network, its state, and its half of a step. */
import { type Architecture, generatorArchitecture } from './architecture.js';
import type { TrainingConfig } from './config.js';
import { type Engine, type Operations, createOperations, differentiate, externalLoss } from './engine/index.js';
import { assertFiniteNorm, globalNorm } from './gradient-norm.js';
import { initialWeights } from './initialise.js';
import { type BatchStatistics, forward, movedStatistics } from './network.js';
import { RoleState } from './role-state.js';

/** What the discriminator says of a batch of fakes: this generator's term of L_G, and d L_G / d fakes. */
export interface Judgement {
  value: number;
  /** Shaped like the fakes. */
  gradient: Float32Array;
}

export interface GeneratorStep {
  /** This generator's term of the averaged generator loss: mean_j w_ij l_G(D(G_i(z_j))). */
  loss: number;
  /** Global L2 norm of the gradient. */
  gradientNorm: number;
}

export class Generator {
  readonly architecture: Architecture;
  readonly state: RoleState;
  readonly #engine: Engine;
  readonly #ops: Operations;
  readonly #role: string;

  /** @param role such as generator-1: the initial weights follow from it and the seed */
  constructor(engine: Engine, config: TrainingConfig, sample: readonly number[], role: string) {
    this.architecture = generatorArchitecture({ sample, latent: config.latent, width: config.width });
    this.state = new RoleState(engine, this.architecture, config, initialWeights(this.architecture, config.seed, role));
    this.#engine = engine;
    this.#ops = createOperations(engine);
    this.#role = role;
  }

  /**
   * One forward pass, one backward pass, one staged update.
   *
   * @param z latents, [batch, latent]
   * @param judge the discriminator as a differentiable op: called once, with the fakes, in the middle of the step
   * @throws FaultyStepError when the gradient is not finite; whatever `judge` throws
   */
  step(z: Float32Array, judge: (fakes: Float32Array) => Judgement): GeneratorStep {
    const { tf } = this.#engine;
    const statistics: BatchStatistics = {};
    const latents = this.#latents(z);
    try {
      const { value, gradients } = differentiate(this.#engine, this.state.trainable, () =>
        externalLoss(this.#engine, forward(this.#ops, this.architecture, this.state.committed, latents, statistics), judge),
      );
      const gradientNorm = globalNorm(this.#engine, gradients);
      const moved = tf.tidy(() => movedStatistics(this.state.committed, statistics));
      this.state.stage(gradients, moved);
      assertFiniteNorm(gradientNorm, this.#role);
      return { loss: value, gradientNorm };
    } finally {
      latents.dispose();
      tf.dispose(statistics);
    }
  }

  /** @param z [n, latent] @returns [n, ...sample] of the committed weights, by the moving statistics */
  sample(z: Float32Array): Float32Array {
    const { tf } = this.#engine;
    return tf.tidy(() => {
      const output = forward(this.#ops, this.architecture, this.state.committed, this.#latents(z));
      return output.dataSync<'float32'>();
    });
  }

  #latents(z: Float32Array) {
    const size = this.architecture.input[0] ?? 1;
    return this.#engine.tf.tensor2d(z, [z.length / size, size], 'float32');
  }
}

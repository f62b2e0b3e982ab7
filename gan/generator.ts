/** One generator: its network, its state, and its half of a step. */
import type { Architecture } from './network/architecture.js';
import { concatenate, split } from './network/arrays.js';
import type { TrainingConfig } from './config.js';
import type { Engine } from './engine/index.js';
import { assertFiniteNorm, globalNorm } from './network/gradient-norm.js';
import { initialWeights } from './network/initialise.js';
import type { Weights } from './network/layer-pass.js';
import { Pass } from './network/network.js';
import { architectureOf } from './network/role-architecture.js';
import { RoleState } from './network/role-state.js';

/**
 * The discriminator as a generator sees it: an op that gives a scalar of the fakes and its gradient,
 * whoever computes it, wherever.
 */
export interface Judgement {
  /** This generator's term of the averaged generator loss: mean_j w_ij l_G(D(G_i(z_j))). */
  value: number;
  /** d value / d fakes, shaped like the fakes. */
  gradient: Float32Array;
}

/** A generator's step between its two halves. Dispose of it in any case. */
export interface OpenStep extends Disposable {
  /** [discriminatorSteps * batch, ...sample]: a batch for each update of the discriminator; the last is the one that is judged */
  fakes: Float32Array;
  /**
   * The backward half: gradients from the discriminator's, one staged update.
   *
   * @param gradient for the last batch of the fakes, [batch, ...sample]
   * @returns global L2 norm of the gradient
   * @throws FaultyStepError when it is not finite
   */
  finish(gradient: Float32Array): number;
}

export class Generator {
  readonly architecture: Architecture;
  readonly state: RoleState;
  readonly #engine: Engine;
  readonly #role: string;
  readonly #batches: number;

  /** @param role such as generator-1: the initial weights follow from it and the seed */
  constructor(engine: Engine, config: TrainingConfig, sample: readonly number[], role: string) {
    this.architecture = architectureOf(role, config, sample);
    this.state = new RoleState(engine, this.architecture, config, () =>
      initialWeights(this.architecture, config.seed, role),
    );
    this.#engine = engine;
    this.#role = role;
    this.#batches = config.discriminatorSteps;
  }

  /**
   * The forward half of a step: the network runs forward once for each update of the discriminator, a batch at a time.
   * Batch norm's moving statistics move once, by the last. A step can be opened before the one before it is committed:
   * the weights are the staged ones then.
   *
   * @param z latents, [discriminatorSteps * batch, latent]
   */
  open(z: Float32Array): OpenStep {
    const weights = this.state.latest;
    const latents = split(z, this.#batches);
    const before = latents.slice(0, -1).map((each) => this.#fakes(each, weights));
    const pass = this.#pass(latents.at(-1) as Float32Array, weights, true);
    return {
      fakes: before.length === 0 ? pass.values() : concatenate([...before, pass.values()]),
      finish: (gradient) => {
        const whole = this.state.join(pass.gradients(gradient, { weights: true, input: false }).weights);
        const norm = globalNorm(this.#engine, whole);
        this.state.stage(whole, pass.movedStatistics(this.architecture, weights));
        assertFiniteNorm(norm, this.#role);
        return norm;
      },
      [Symbol.dispose]: () => pass[Symbol.dispose](),
    };
  }

  #fakes(z: Float32Array, weights: Weights): Float32Array {
    using pass = this.#pass(z, weights, true);
    return pass.values();
  }

  /** @param z [n, latent] @returns [n, ...sample] of the committed weights, by the moving statistics */
  sample(z: Float32Array): Float32Array {
    using pass = this.#pass(z, this.state.committed, false);
    return pass.values();
  }

  #pass(z: Float32Array, weights: Weights, training: boolean): Pass {
    const size = this.architecture.input[0] ?? 1;
    const latents = this.#engine.tf.tensor2d(z, [z.length / size, size], 'float32');
    return new Pass(this.#engine, this.architecture, weights, latents, training);
  }
}

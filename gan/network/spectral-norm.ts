/**
 * Spectral normalisation (Miyato et al. 2018, algorithm 1): a layer computes with W / sigma, sigma an estimate of W's
 * largest singular value, as torch.nn.utils.spectral_norm does it.
 *
 * A kernel counts as a matrix [inputs, outputs]; a convolution's inputs are height * width * in. Of each, two unit
 * vectors are kept, u of the outputs and v of the inputs. One power iteration an update brings them nearer to the
 * singular vectors, and every pass until the next update shares them:
 *
 *   v = W u / |W u|,   u = W'v / |W'v|,   sigma = v' W u
 */
import { type Architecture, parametersOf } from './architecture.js';
import type { Engine, Operations, Tensor } from '../engine/index.js';
import { type Weights, weight } from './layer-pass.js';
import { normals, randomStream } from '../random.js';

/** What a norm is at least, against a division by 0; PyTorch's. */
const EPSILON = 1e-12;
/** For a kernel whose vectors are not kept. */
const ITERATIONS_WITHOUT_VECTORS = 20;

type Tensors = Record<string, Tensor>;

/** Weights that a network computes with; what is not the network's own is disposed of with this object. */
export interface NormalisedWeights extends Disposable {
  weights: Weights;
  /** From gradients for `weights`, which it takes over, to gradients for the network's own weights. */
  gradients(gradients: Readonly<Tensors>): Tensors;
}

/** A network's spectral norm; for an architecture without it, everything stays as it is. */
export class SpectralNorm {
  readonly #engine: Engine;
  readonly #ops: Operations;
  readonly #kernels: readonly string[];
  readonly #active: boolean;

  constructor(engine: Engine, architecture: Architecture) {
    this.#engine = engine;
    this.#ops = engine.operations;
    this.#kernels = parametersOf(architecture).flatMap(({ name, role }) => (role === 'kernel' ? [name] : []));
    this.#active = architecture.spectralNorm === true;
  }

  /** One power iteration of every kernel. @returns the new vectors by name (conv1/u, conv1/v), the caller's */
  iterate(weights: Weights): Tensors {
    if (!this.#active) return {};
    return this.#engine.tf.tidy(() => {
      const vectors: Tensors = {};
      for (const kernel of this.#kernels) {
        const [uName, vName] = vectorNames(kernel);
        [vectors[uName], vectors[vName]] = this.#iteration(matrix(weights, kernel), weight(weights, uName));
      }
      return vectors;
    });
  }

  /** Every kernel divided by the sigma that these vectors see in it. They must live as long as the result. */
  normalise(weights: Weights, vectors: Weights): NormalisedWeights {
    if (!this.#active) return { weights, gradients: (gradients) => ({ ...gradients }), [Symbol.dispose]: () => {} };
    const { tf } = this.#engine;
    const [sigmas, kernels] = tf.tidy(() => {
      const found = this.#forEach((kernel) => this.#sigma(matrix(weights, kernel), vectors, kernel));
      return [found, this.#forEach((kernel) => weight(weights, kernel).div(weight(found, kernel)))] as const;
    });
    return {
      weights: { ...weights, ...kernels },
      gradients: (gradients) => {
        const own = tf.tidy(() =>
          this.#forEach((kernel) =>
            this.#gradient(
              weight(gradients, kernel),
              weight(kernels, kernel),
              weight(sigmas, kernel),
              vectorNames(kernel).map((name) => weight(vectors, name)) as [Tensor, Tensor],
            ),
          ),
        );
        tf.dispose(this.#kernels.map((kernel) => weight(gradients, kernel)));
        return { ...gradients, ...own };
      },
      [Symbol.dispose]: () => tf.dispose([sigmas, kernels]),
    };
  }

  /**
   * The largest singular value of every kernel, by the name of its layer: what the kept vectors see in it or, where
   * none are kept, what power iterations from a start that is always the same come to. Both are from below.
   */
  singularValues(weights: Weights): Record<string, number> {
    return Object.fromEntries(
      this.#kernels.map((kernel) => {
        const [value] = this.#engine.tf.tidy(() => {
          const vectors = this.#active ? weights : this.#vectorsFromNothing(matrix(weights, kernel), kernel);
          return this.#sigma(matrix(weights, kernel), vectors, kernel).dataSync<'float32'>();
        });
        return [kernel.slice(0, kernel.lastIndexOf('/')), value ?? Number.NaN];
      }),
    );
  }

  #vectorsFromNothing(kernel: Tensor, name: string): Tensors {
    const start = normals(randomStream(0, 'singular-value', name), kernel.shape[1] ?? 1);
    let vectors = this.#iteration(kernel, this.#engine.tf.tensor1d(start));
    for (let i = 1; i < ITERATIONS_WITHOUT_VECTORS; i += 1) vectors = this.#iteration(kernel, vectors[0]);
    const [uName, vName] = vectorNames(name);
    return { [uName]: vectors[0], [vName]: vectors[1] };
  }

  /** @returns u and v */
  #iteration(kernel: Tensor, u: Tensor): [Tensor, Tensor] {
    const v = unit(this.#ops, this.#ops.matMul(kernel, column(u)));
    return [unit(this.#ops, this.#ops.matMul(kernel, v, true)).flatten(), v.flatten()];
  }

  /** v' W u, a scalar. */
  #sigma(kernel: Tensor, vectors: Weights, name: string): Tensor {
    const [u, v] = vectorNames(name).map((each) => weight(vectors, each)) as [Tensor, Tensor];
    return this.#ops.sum(this.#ops.matMul(kernel, column(u)).flatten().mul(v));
  }

  /**
   * d/dW of a function of W / sigma whose gradient there is G, u and v held constant:
   * (G - <G, W / sigma> v u') / sigma.
   */
  #gradient(gradient: Tensor, normalised: Tensor, sigma: Tensor, [u, v]: [Tensor, Tensor]): Tensor {
    const outer = this.#ops.matMul(column(v), column(u), false, true).reshape(gradient.shape);
    return gradient.sub(outer.mul(this.#ops.sum(gradient.mul(normalised)))).div(sigma);
  }

  #forEach(make: (kernel: string) => Tensor): Tensors {
    return Object.fromEntries(this.#kernels.map((kernel) => [kernel, make(kernel)]));
  }
}

function vectorNames(kernel: string): [string, string] {
  return [kernel.replace(/kernel$/, 'u'), kernel.replace(/kernel$/, 'v')];
}

function matrix(weights: Weights, name: string): Tensor {
  const kernel = weight(weights, name);
  return kernel.reshape([-1, kernel.shape.at(-1) ?? 1]);
}

function column(vector: Tensor): Tensor {
  return vector.reshape([-1, 1]);
}

function unit(ops: Operations, vector: Tensor): Tensor {
  return vector.div(ops.sum(vector.square()).sqrt().maximum(EPSILON));
}

/** The forward pass of a network, kept open until its gradient is asked for. */
import type { Architecture } from './architecture.js';
import type { Engine, Tensor } from '../engine/index.js';
import { type LayerPass, type Wanted, type Weights, layerPass, weight } from './layer-pass.js';

/** PyTorch's momentum for moving statistics: new = 0.9 old + 0.1 batch. */
const MOVING_AVERAGE_MOMENTUM = 0.1;

export interface NetworkGradients {
  /** For the network's input, if wanted. */
  input: Tensor | undefined;
  /** By the names of the network's arrays, if wanted. */
  weights: Record<string, Tensor>;
}

/**
 * A forward pass whose backward pass has yet to come, perhaps after other processes have had their say.
 * It holds its tensors until it is disposed of.
 */
export class Pass implements Disposable {
  readonly #engine: Engine;
  readonly #layers: LayerPass[];
  readonly #held: Tensor[];
  readonly output: Tensor;

  /**
   * @param x [batch, ...architecture.input]; the pass takes it over
   * @param training batch norm uses the batch's own statistics; else the moving ones, and there is no gradient
   */
  constructor(engine: Engine, architecture: Architecture, weights: Weights, x: Tensor, training: boolean) {
    this.#engine = engine;
    const layers: LayerPass[] = [];
    this.#held = engine.tf.tidy(() => {
      let value = x;
      for (const layer of architecture.layers) {
        const pass = layerPass(engine.operations, layer, weights, value, training);
        layers.push(pass);
        value = pass.output;
      }
      const held = layers.flatMap(({ output, saved, statistics }) => [
        output,
        ...saved,
        ...Object.values(statistics ?? {}),
      ]);
      // Weights among the saved tensors belong to the network, not to the pass.
      const owned = new Set(Object.values(weights));
      return [...new Set(held)].filter((tensor) => !owned.has(tensor));
    });
    this.#held.push(x);
    this.#layers = layers;
    this.output = layers.at(-1)?.output ?? x;
  }

  /** Values of the output. */
  values(): Float32Array {
    return this.output.dataSync<'float32'>();
  }

  /** @param dy values of the gradient for the output. The caller disposes of the result */
  gradients(dy: Float32Array, wanted: Wanted): NetworkGradients {
    const { tf } = this.#engine;
    return tf.tidy(() => {
      const weights: Record<string, Tensor> = {};
      let upstream: Tensor | undefined = tf.tensor(dy, this.output.shape, 'float32');
      for (const [index, layer] of [...this.#layers.entries()].reverse()) {
        // The first layer's input is the data: its gradient is only worth computing for whoever made the data.
        const gradients = layer.gradients(upstream as Tensor, { ...wanted, input: wanted.input || index > 0 });
        Object.assign(weights, gradients.weights);
        upstream = gradients.input;
      }
      return { input: upstream, weights };
    });
  }

  /** The moving statistics after this training pass: new tensors, the caller's. */
  movedStatistics(architecture: Architecture, weights: Weights): Record<string, Tensor> {
    return this.#engine.tf.tidy(() => {
      const moved: Record<string, Tensor> = {};
      for (const [index, { statistics }] of this.#layers.entries()) {
        const layer = architecture.layers[index];
        if (statistics === undefined || layer?.kind !== 'batch-norm') continue;
        for (const [role, batch] of [
          ['moving_mean', statistics.mean],
          ['moving_variance', statistics.variance],
        ] as const) {
          const old = weight(weights, `${layer.name}/${role}`);
          moved[`${layer.name}/${role}`] = old.mul(1 - MOVING_AVERAGE_MOMENTUM).add(batch.mul(MOVING_AVERAGE_MOMENTUM));
        }
      }
      return moved;
    });
  }

  [Symbol.dispose](): void {
    this.#engine.tf.dispose(this.#held);
  }
}

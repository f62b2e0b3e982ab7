/**
 * A network's trained arrays as one vector. The optimiser is a dozen elementwise ops: on one vector they run a dozen
 * times a step, on the arrays a dozen times each, and a small op costs its call (10 us) whatever its size.
 */
import type { ParameterSpec } from './architecture.js';
import type { Engine, Reshape, Tensor } from '../engine/index.js';

export class FlatLayout {
  readonly #engine: Engine;
  readonly #specs: readonly ParameterSpec[];
  readonly #sizes: number[];
  readonly #reshape: Reshape;

  /** @param specs the arrays, in the order in which they lie in the vector */
  constructor(engine: Engine, specs: readonly ParameterSpec[]) {
    this.#engine = engine;
    this.#specs = specs;
    this.#reshape = engine.operations.reshape;
    this.#sizes = specs.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  }

  /** How many numbers the vector has. */
  get size(): number {
    return this.#sizes.reduce((a, b) => a + b, 0);
  }

  /** @returns a new vector [size] */
  join(arrays: Readonly<Record<string, Tensor>>): Tensor {
    const { tf } = this.#engine;
    return tf.tidy(() =>
      tf.concat(
        this.#specs.map(({ name }) => {
          const array = arrays[name];
          if (array === undefined) throw new Error(`there is no array '${name}' to join`);
          return this.#reshape(array, [array.size]);
        }),
      ),
    );
  }

  /** @param vector [size] @returns new arrays by name */
  split(vector: Tensor): Record<string, Tensor> {
    const { tf, operations } = this.#engine;
    return tf.tidy(() => {
      const parts = operations.split(vector, this.#sizes);
      return Object.fromEntries(
        this.#specs.map(({ name, shape }, i) => [name, this.#reshape(parts[i] as Tensor, shape)]),
      );
    });
  }
}

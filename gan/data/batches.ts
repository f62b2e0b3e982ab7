/** Which samples make the batch of a step: f(seed, step). */
import { UsageError } from '../../common/errors.js';
import { permutation, randomStream } from '../random.js';

/** The batch of one step; for step after step, `Batches` keeps the order of the pass. @throws as `Batches` does */
export function batchIndices(seed: number, step: number, batch: number, count: number): Uint32Array {
  return new Batches(seed, batch, count).indices(step);
}

export class Batches {
  readonly #seed: number;
  readonly #batch: number;
  readonly #count: number;
  #pass = -1;
  #order: Uint32Array = new Uint32Array();

  /** @throws UsageError when there are fewer samples than a batch has */
  constructor(seed: number, batch: number, count: number) {
    if (count < batch) {
      throw new UsageError(
        `the data has ${count} training samples, a batch needs ${batch}: use a smaller --batch or more data`,
      );
    }
    this.#seed = seed;
    this.#batch = batch;
    this.#count = count;
  }

  /**
   * The batch of a step, counted from 0. Every pass over the data has an order of its own; the samples at its end that
   * do not fill a batch are left out, other ones in every pass.
   * @returns [batch], a view that stays valid
   */
  indices(step: number): Uint32Array {
    const perPass = Math.floor(this.#count / this.#batch);
    const pass = Math.floor(step / perPass);
    if (pass !== this.#pass) {
      this.#order = permutation(randomStream(this.#seed, 'data-pass', pass), this.#count);
      this.#pass = pass;
    }
    const start = (step % perPass) * this.#batch;
    return this.#order.subarray(start, start + this.#batch);
  }
}

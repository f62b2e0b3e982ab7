/** Which samples make the batch of a step: f(seed, step, branch). */
import { UsageError } from '../../common/errors.js';
import { type RandomStream, permutation, randomStream } from '../random.js';

/** The batch of one step; for step after step, `Batches` keeps the order of the pass. @throws as `Batches` does */
export function batchIndices(seed: number, step: number, batch: number, count: number): Uint32Array {
  return new Batches(seed, batch, count).indices(step);
}

export class Batches {
  readonly #seed: number;
  readonly #batch: number;
  readonly #count: number;
  #pass = '';
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
   *
   * @param branch how often the run was rolled back before this step: every branch has other orders
   * @returns [batch], a view that stays valid
   */
  indices(step: number, branch = 0): Uint32Array {
    const perPass = Math.floor(this.#count / this.#batch);
    const pass = Math.floor(step / perPass);
    const name = `${branch}/${pass}`;
    if (name !== this.#pass) {
      this.#order = permutation(this.#stream(pass, branch), this.#count);
      this.#pass = name;
    }
    const start = (step % perPass) * this.#batch;
    return this.#order.subarray(start, start + this.#batch);
  }

  #stream(pass: number, branch: number): RandomStream {
    return branch === 0
      ? randomStream(this.#seed, 'data-pass', pass)
      : randomStream(this.#seed, 'branch-data-pass', branch, pass);
  }
}

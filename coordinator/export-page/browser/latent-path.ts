/** The latents of a position between two seeds. */
import { sampleLatents } from '../../../gan/latents.js';
import { between } from '../interpolation.js';

/** What the page shows: latents of `from` at 0, of `to` at 1. */
export interface Position {
  from: number;
  to: number;
  /** 0 to 1 */
  at: number;
  /** Samples of each generator. */
  count: number;
}

/** Both ends are kept while the slider moves between them. */
export class LatentPath {
  readonly #latent: number;
  #ends: { key: string; from: Float32Array; to: Float32Array } | undefined;

  constructor(latent: number) {
    this.#latent = latent;
  }

  /** @returns [count, latent] */
  latentsAt({ from, to, at, count }: Position): Float32Array {
    const key = `${from}/${to}/${count}`;
    if (this.#ends?.key !== key) {
      const ofSeed = (seed: number) => sampleLatents(seed, count, this.#latent);
      this.#ends = { key, from: ofSeed(from), to: ofSeed(to) };
    }
    return between(this.#ends.from, this.#ends.to, at, this.#latent);
  }
}

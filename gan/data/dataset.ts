/** What every source of training data looks like to the discriminator. */
export interface Dataset {
  name: string;
  kind: 'image' | 'points';
  /** Shape of one sample: [height, width, channels] or [coordinates]. */
  shape: readonly number[];
  /** Training samples. */
  count: number;
  /** Samples that training never sees. */
  heldOut: number;
  /** @returns [indices.length, ...shape]; images scaled from bytes to [-1, 1] */
  gather(indices: Uint32Array): Float32Array<ArrayBuffer>;
  /** The same of the held-out samples. */
  gatherHeldOut(indices: Uint32Array): Float32Array<ArrayBuffer>;
  /** Identity of the training samples. */
  sha256: string;
}

export interface DataOptions {
  /** Of the run: mixtures are drawn from it. */
  seed: number;
  /** px, for a folder of images. */
  imageSize: number;
  /** For a folder of images; absent: as the images are. */
  channels?: 1 | 3 | undefined;
}

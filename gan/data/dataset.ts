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
  /**
   * @param into where to write them, of exactly that length; absent: a new array
   * @returns [indices.length, ...shape]; images scaled from bytes to [-1, 1]
   * @throws RangeError when an index is not one of a sample, or `into` has another length
   */
  gather(indices: Uint32Array, into?: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  /** The same of the held-out samples. */
  gatherHeldOut(indices: Uint32Array, into?: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  /** Identity of the training samples, hex; computed when it is first asked for. */
  readonly sha256: string;
}

/** What `imageSize` is when nobody says. */
export const DEFAULT_IMAGE_SIZE = 28;

export interface DataOptions {
  /** Of the run: mixtures are drawn from it. */
  seed: number;
  /** Height and width that MNIST and a folder's images are resized to, px; 28 when absent. */
  imageSize?: number | undefined;
  /** For a folder of images; absent: as the images are. */
  channels?: 1 | 3 | undefined;
  /** For a folder of images: called after each image that was read. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** For a folder of images: stops the reading; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

/** What the page is told of the run: written into its document by the export, read there by its script. */
export interface About {
  run: string;
  system: string;
  /** mnist, ring8, ...; of a folder or a file its name, without the folders above it. */
  data: string;
  step: number;
  /** Of the run: its sample grids are drawn from it, and so is what the page shows at first. */
  seed: number;
  /** generator-1, generator-2, ... */
  generators: string[];
  /** Size of a latent vector. */
  latent: number;
  /** Of one sample: [height, width, 1 or 3], or [2] for points. */
  shape: number[];
  /** Points: the modes that the data has. */
  centres: (readonly [number, number])[];
}

/** A tfjs layers model in a script: what tf.io.fromMemory takes, the weights in base64. */
export interface StoredModel {
  modelTopology: object;
  weightSpecs: object[];
  weights: string;
}

/** The trained generators, from the scripts beside the page: a page that was opened by double click may not fetch. */
import type { About, StoredModel } from '../about.js';
import { type LayersModel, type Tensor, tensorflow } from './tensorflow.js';

declare global {
  /** Where each generator's script leaves its model. */
  var duetModels: Partial<Record<string, StoredModel>> | undefined;
}

/** Samples that pass at a time, so that large images find room on small graphics cards. */
const BATCH = 64;
/** Points are small. */
const BATCH_OF_POINTS = 8192;

export class GeneratorModel {
  readonly #model: LayersModel;
  readonly #latent: number;
  readonly #batch: number;

  private constructor(model: LayersModel, { latent, shape }: About) {
    this.#model = model;
    this.#latent = latent;
    this.#batch = shape.length === 1 ? BATCH_OF_POINTS : BATCH;
  }

  /** @throws Error that says which file is missing or damaged */
  static async load(name: string, about: About): Promise<GeneratorModel> {
    const tf = tensorflow();
    await addScript(`${name}.js`);
    const stored = globalThis.duetModels?.[name];
    if (stored === undefined)
      throw new Error(`${name}.js holds no model: copy it anew from where the page was exported`);
    // The text of the weights is a third larger than they are, and not needed again.
    delete globalThis.duetModels?.[name];
    const { modelTopology, weightSpecs, weights } = stored;
    try {
      const artifacts = { modelTopology, weightSpecs: weightSpecs as never, weightData: bytesOf(weights) };
      return new GeneratorModel(await tf.loadLayersModel(tf.io.fromMemory(artifacts)), about);
    } catch (error) {
      throw new Error(`${name}.js is damaged: copy it anew from where the page was exported`, { cause: error });
    }
  }

  /** @param z [count, latent] @returns [count, ...sample] */
  async draw(z: Float32Array): Promise<Float32Array> {
    const tf = tensorflow();
    const samples = tf.tidy(
      () =>
        this.#model.predict(tf.tensor2d(z, [z.length / this.#latent, this.#latent]), {
          batchSize: this.#batch,
        }) as Tensor,
    );
    try {
      return (await samples.data()) as Float32Array;
    } finally {
      samples.dispose();
    }
  }
}

function bytesOf(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

function addScript(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = file;
    script.addEventListener('load', () => resolve());
    script.addEventListener('error', () =>
      reject(new Error(`${file} did not load: it belongs beside index.html, in the same folder`)),
    );
    document.head.append(script);
  });
}

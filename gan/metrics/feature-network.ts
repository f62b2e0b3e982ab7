/**
 * The network whose features the image metrics are measured in: a small classifier of MNIST digits. Stacked MNIST is
 * seen channel by channel. Its features are tanh's, bounded, so that distances of them stay small numbers.
 */
import { type Architecture, LEAKY_SLOPE } from '../network/architecture.js';
import type { Engine } from '../engine/index.js';
import type { NamedArray } from '../network/initialise.js';
import type { Weights } from '../network/layer-pass.js';
import { Pass } from '../network/network.js';
import type { Matrix } from './matrix.js';

export const CLASSES = 10;
const SIDE = 28;
const PIXELS = SIDE * SIDE;
export const FEATURES = 64;

const TRUNK: Architecture = {
  input: [SIDE, SIDE, 1],
  layers: [
    { kind: 'conv', name: 'conv1', filters: 32 },
    { kind: 'leaky-relu', slope: LEAKY_SLOPE },
    { kind: 'conv', name: 'conv2', filters: 64 },
    { kind: 'leaky-relu', slope: LEAKY_SLOPE },
    { kind: 'reshape', shape: [7 * 7 * 64] },
    { kind: 'dense', name: 'features', units: FEATURES, bias: true },
    { kind: 'tanh' },
  ],
};
const HEAD: Architecture = {
  input: [FEATURES],
  layers: [{ kind: 'dense', name: 'classes', units: CLASSES, bias: true }],
};

/** Pixels to logits, as it is trained. */
export const FEATURE_ARCHITECTURE: Architecture = { input: TRUNK.input, layers: [...TRUNK.layers, ...HEAD.layers] };

/** Images that are seen at once. */
const BATCH = 500;

export interface Seen {
  /** [images, 64 for each channel] */
  features: Matrix;
  /** The digit that is most likely in every channel, [images * channels]. */
  digits: Uint8Array;
  channels: number;
}

export class FeatureNetwork implements Disposable {
  /** sha256 of the file that it came from, hex. */
  readonly sha256: string;
  /** Share of the 10,000 test digits that it names rightly. */
  readonly testAccuracy: number;
  readonly #engine: Engine;
  readonly #weights: Weights;

  constructor(engine: Engine, arrays: readonly NamedArray[], identity: { sha256: string; testAccuracy: number }) {
    this.sha256 = identity.sha256;
    this.testAccuracy = identity.testAccuracy;
    this.#engine = engine;
    this.#weights = Object.fromEntries(
      arrays.map(({ name, shape, data }) => [name, engine.tf.tensor(data.slice(), [...shape], 'float32')]),
    );
  }

  /** @param images [n, 28, 28, channels], -1 to 1; each channel holds a digit */
  see(images: Float32Array, channels: number): Seen {
    const count = images.length / PIXELS;
    const features = new Float32Array(count * FEATURES);
    const digits = new Uint8Array(count);
    const pictures = channels === 1 ? images : channelByChannel(images, channels);
    for (let first = 0; first < count; first += BATCH) {
      const next = Math.min(count, first + BATCH);
      // Copied: tfjs shares the buffer that it is given, and this one belongs to the caller.
      const x = this.#engine.tf.tensor4d(pictures.slice(first * PIXELS, next * PIXELS), [next - first, SIDE, SIDE, 1]);
      using trunk = new Pass(this.#engine, TRUNK, this.#weights, x, false);
      const seen = trunk.values();
      features.set(seen, first * FEATURES);
      using head = new Pass(
        this.#engine,
        HEAD,
        this.#weights,
        this.#engine.tf.tensor2d(seen, [next - first, FEATURES]),
        false,
      );
      digits.set(mostLikely(head.values()), first);
    }
    return {
      features: { rows: count / channels, columns: FEATURES * channels, values: features },
      digits,
      channels,
    };
  }

  [Symbol.dispose](): void {
    this.#engine.tf.dispose(this.#weights);
  }
}

/** The class of the largest logit. @param logits [n, 10] */
export function mostLikely(logits: Float32Array): Uint8Array {
  return Uint8Array.from({ length: logits.length / CLASSES }, (_, i) => {
    let best = 0;
    for (let k = 1; k < CLASSES; k += 1) {
      if ((logits[i * CLASSES + k] as number) > (logits[i * CLASSES + best] as number)) best = k;
    }
    return best;
  });
}

/** [n, pixels, channels] → [n, channels, pixels] */
function channelByChannel(images: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const moved = new Float32Array(images.length);
  for (let i = 0; i < images.length / (PIXELS * channels); i += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const [from, to] = [i * PIXELS * channels + channel, (i * channels + channel) * PIXELS];
      for (let k = 0; k < PIXELS; k += 1) moved[to + k] = images[from + k * channels] as number;
    }
  }
  return moved;
}

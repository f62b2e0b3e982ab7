/** Trains the feature network: one seed, one thread, about a minute on one core; nothing of it depends on any run. */
import { setImmediate } from 'node:timers/promises';
import { type AdamOptions, type AdamState, createAdam } from '../network/adam.js';
import { parametersOf } from '../network/architecture.js';
import { ADAM_EPSILON } from '../config.js';
import { SCALED } from '../data/images.js';
import type { Engine, Tensor } from '../engine/index.js';
import { FlatLayout } from '../network/flat-layout.js';
import type { NamedArray } from '../network/initialise.js';
import { Pass } from '../network/network.js';
import { normals, permutation, randomStream } from '../random.js';
import { CLASSES, FEATURE_ARCHITECTURE, FeatureNetwork } from './feature-network.js';

/** Digits with their labels, as bytes. */
export interface LabelledDigits {
  /** [count, 28, 28] */
  images: Uint8Array;
  labels: Uint8Array;
}

export interface FeatureTraining {
  /** Of the network alone: no run draws anything from it. */
  seed: number;
  passes: number;
  batch: number;
  /** At the start; it falls to 0 in a straight line, which settles the last digits of the accuracy. */
  learningRate: number;
}

export const FEATURE_TRAINING: FeatureTraining = { seed: 20_261_125, passes: 5, batch: 100, learningRate: 2e-3 };

const PIXELS = 28 * 28;
/** Updates. */
const PAUSE_EVERY = 50;

type Tensors = Readonly<Record<string, Tensor>>;

/** @param onProgress after every update, with the mean loss of the last hundred or so */
export async function trainFeatures(
  engine: Engine,
  { images, labels }: LabelledDigits,
  { seed, passes, batch, learningRate }: FeatureTraining,
  onProgress: (done: number, total: number, loss: number) => void,
): Promise<NamedArray[]> {
  const { tf } = engine;
  const perPass = Math.floor(labels.length / batch);
  const total = perPass * passes;
  const layout = new FlatLayout(engine, parametersOf(FEATURE_ARCHITECTURE));
  let weights: Tensors = asTensors(engine, initialArrays(seed));
  let flat = layout.join(weights);
  const adam = createAdam(engine);
  let moments: AdamState = { m: tf.zeros([layout.size]), v: tf.zeros([layout.size]), updates: 0 };
  let loss = Math.log(CLASSES);
  for (let pass = 0; pass < passes; pass += 1) {
    const order = permutation(randomStream(seed, 'feature-pass', pass), labels.length);
    for (let k = 0; k < perPass; k += 1) {
      const chosen = order.subarray(k * batch, (k + 1) * batch);
      const x = tf.tensor4d(pixelsOf(images, chosen), [batch, 28, 28, 1]);
      using forward = new Pass(engine, FEATURE_ARCHITECTURE, weights, x, true);
      const { value, gradient: ofLogits } = crossEntropy(
        forward.values(),
        Uint8Array.from(chosen, (i) => labels[i] as number),
      );
      const gradients = forward.gradients(ofLogits, { weights: true, input: false }).weights;
      const options: AdamOptions = {
        learningRate: learningRate * (1 - (pass * perPass + k) / total),
        beta1: 0.9,
        beta2: 0.999,
        epsilon: ADAM_EPSILON,
      };
      const gradient = layout.join(gradients);
      const update = adam(options, flat, gradient, moments);
      tf.dispose([gradients, gradient, weights, flat, moments.m, moments.v]);
      flat = update.weights;
      weights = layout.split(flat);
      moments = update.state;
      loss += (value - loss) / 100;
      onProgress(pass * perPass + k + 1, total, loss);
      // The lock's heartbeat and Ctrl-C need a moment of this thread now and then.
      if (k % PAUSE_EVERY === 0) await setImmediate();
    }
  }
  const trained = parametersOf(FEATURE_ARCHITECTURE).map(({ name, shape }) => ({
    name,
    shape,
    data: (weights[name] as Tensor).dataSync<'float32'>(),
  }));
  tf.dispose([weights, flat, moments.m, moments.v]);
  return trained;
}

/** Share of the digits that the network names rightly. */
export function accuracyOf(engine: Engine, arrays: readonly NamedArray[], { images, labels }: LabelledDigits): number {
  using network = new FeatureNetwork(engine, arrays, { sha256: '', testAccuracy: 0 });
  const pixels = pixelsOf(
    images,
    Uint32Array.from(labels, (_, i) => i),
  );
  const { digits } = network.see(pixels, 1);
  return digits.reduce((right, digit, i) => right + (digit === labels[i] ? 1 : 0), 0) / labels.length;
}

/** Softmax cross-entropy, its mean over the batch, and its gradient. @param logits [batch, 10] */
export function crossEntropy(
  logits: Float32Array,
  labels: Uint8Array,
): { value: number; gradient: Float32Array<ArrayBuffer> } {
  const gradient = new Float32Array(logits.length);
  let value = 0;
  for (const [j, label] of labels.entries()) {
    const row = logits.subarray(j * CLASSES, (j + 1) * CLASSES);
    const most = Math.max(...row);
    const all = row.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    value += (Math.log(all) + most - (row[label] as number)) / labels.length;
    for (const [k, logit] of row.entries()) {
      gradient[j * CLASSES + k] = (Math.exp(logit - most) / all - (k === label ? 1 : 0)) / labels.length;
    }
  }
  return { value, gradient };
}

/** Kernels N(0, 2 / fan-in) (He et al. 2015), biases 0. */
function initialArrays(seed: number): NamedArray[] {
  return parametersOf(FEATURE_ARCHITECTURE).map(({ name, shape, role, fanIn }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const deviation = role === 'kernel' ? Math.sqrt(2 / fanIn) : 0;
    return {
      name,
      shape,
      data: normals(randomStream(seed, 'feature-weights', name), size).map((value) => value * deviation),
    };
  });
}

function pixelsOf(images: Uint8Array, chosen: Uint32Array): Float32Array<ArrayBuffer> {
  const pixels = new Float32Array(chosen.length * PIXELS);
  for (const [i, index] of chosen.entries()) {
    for (let k = 0; k < PIXELS; k += 1) pixels[i * PIXELS + k] = SCALED[images[index * PIXELS + k] as number] as number;
  }
  return pixels;
}

function asTensors({ tf }: Engine, arrays: readonly NamedArray[]): Record<string, Tensor> {
  return Object.fromEntries(arrays.map(({ name, shape, data }) => [name, tf.tensor(data, [...shape], 'float32')]));
}

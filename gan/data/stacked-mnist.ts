/**
 * Stacked MNIST (Srivastava et al. 2017, VEEGAN; sizes of Lin et al. 2018, PacGAN): three random digits as the channels
 * of one image, 1,000 modes that a classifier of digits can tell apart. Only which digits are kept in memory; the
 * images are put together when a batch asks for them.
 */
import { createHash } from 'node:crypto';
import { randomStream, uniform } from '../random.js';
import type { DataOptions, Dataset } from './dataset.js';
import { gatherSamples } from './gather.js';
import { SCALED } from './images.js';
import { readDigitLabels, readDigits } from './mnist.js';

export const STACKED_MNIST = 'stacked-mnist';
export const CHANNELS = 3;

const TRAINING_IMAGES = 128_000;
const HELD_OUT_IMAGES = 10_000;

export interface StackedMnist extends Dataset {
  /** The mode of every training image: 100 times the first channel's digit, 10 times the second's, and the third's. */
  modes(indices: Uint32Array): Uint32Array;
  /** The same of the held-out images. */
  heldOutModes(indices: Uint32Array): Uint32Array;
}

/**
 * Training images are made of the training digits, held-out ones of the test digits; which ones follows from the seed.
 * @throws as `openMnist` does
 */
export async function openStackedMnist({
  seed,
  imageSize,
}: Pick<DataOptions, 'seed' | 'imageSize'>): Promise<StackedMnist> {
  const digits = await readDigits({ imageSize });
  const labels = readDigitLabels();
  const pixels = digits.shape[0] * digits.shape[1];
  const train = draw(seed, 'train', TRAINING_IMAGES, labels.train.length);
  const heldOut = draw(seed, 'held-out', HELD_OUT_IMAGES, labels.heldOut.length);
  let sha256: string | undefined;
  return {
    name: STACKED_MNIST,
    kind: 'image',
    shape: [digits.shape[0], digits.shape[1], CHANNELS],
    count: TRAINING_IMAGES,
    heldOut: HELD_OUT_IMAGES,
    gather: (indices, into) => stack(digits.train, pixels, train, indices, into),
    gatherHeldOut: (indices, into) => stack(digits.heldOut, pixels, heldOut, indices, into),
    modes: (indices) => modesOf(labels.train, train, indices),
    heldOutModes: (indices) => modesOf(labels.heldOut, heldOut, indices),
    get sha256() {
      sha256 ??= createHash('sha256').update(new Uint8Array(train.buffer)).update(digits.train).digest('hex');
      return sha256;
    },
  };
}

/** Which digits, [count, 3]. */
function draw(seed: number, part: string, count: number, digits: number): Uint32Array<ArrayBuffer> {
  const stream = randomStream(seed, 'stacked-digits', part);
  return Uint32Array.from({ length: count * CHANNELS }, () => Math.floor(uniform(stream) * digits));
}

function stack(
  digits: Uint8Array,
  pixels: number,
  chosen: Uint32Array,
  indices: Uint32Array,
  into: Float32Array<ArrayBuffer> | undefined,
) {
  const sizes = { count: chosen.length / CHANNELS, size: pixels * CHANNELS };
  return gatherSamples(sizes, indices, into, (index, batch, at) => {
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      const from = (chosen[index * CHANNELS + channel] as number) * pixels;
      for (let k = 0; k < pixels; k += 1) {
        batch[at + k * CHANNELS + channel] = SCALED[digits[from + k] as number] as number;
      }
    }
  });
}

function modesOf(labels: Uint8Array, chosen: Uint32Array, indices: Uint32Array): Uint32Array {
  return indices.map((index) => {
    if (index >= chosen.length / CHANNELS) throw new RangeError(`sample ${index} does not exist`);
    let mode = 0;
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      mode = mode * 10 + (labels[chosen[index * CHANNELS + channel] as number] as number);
    }
    return mode;
  });
}

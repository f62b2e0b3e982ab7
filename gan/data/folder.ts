/** A folder of images: every image below it, resized to a square, grey or RGB. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import sharp from 'sharp';
import { UsageError, messageOf } from '../../common/errors.js';
import { doublings } from '../architecture.js';
import type { DataOptions, Dataset } from './dataset.js';
import { imageDataset } from './images.js';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.tif', '.tiff', '.avif']);
/** Every tenth image, by a hash of its path, so that adding one moves no other. */
const HELD_OUT_OF = 10;
/** Decoded images that are kept in memory. */
const MOST_BYTES = 8 * 2 ** 30;
/** A picture of more pixels than this is taken for an attack or a mistake. */
const MOST_PIXELS = 100e6;
const CONCURRENT = 4;

/** @throws UsageError when there is no image, one is broken (it is named), or they are too many */
export async function openFolder(folder: string, { imageSize, channels }: DataOptions): Promise<Dataset> {
  doublings(imageSize);
  const files = imageFiles(folder);
  if (files.length === 0) throw new UsageError(`--data ${folder} holds no image (${[...EXTENSIONS].join(', ')})`);
  const depth = channels ?? ((await areAllGrey(folder, files)) ? 1 : 3);
  const size = imageSize * imageSize * depth;
  if (files.length * size > MOST_BYTES) {
    throw new UsageError(`--data ${folder} holds ${files.length} images, too many for ${MOST_BYTES / 2 ** 30} GiB: use a smaller --image-size or fewer`);
  }
  const images = await mapConcurrently(files, (file) => decode(join(folder, file), imageSize, depth));
  const isHeldOut = files.map(heldOut);
  const pick = (wanted: boolean) => Buffer.concat(images.filter((_, i) => isHeldOut[i] === wanted));
  const train = pick(false);
  // A handful of images may all have hashed to the held-out side.
  return imageDataset(folder, {
    shape: [imageSize, imageSize, depth],
    train: train.length > 0 ? train : Buffer.concat(images),
    heldOut: pick(true),
  });
}

/** Relative paths, in an order that does not depend on the system or its language. */
function imageFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && EXTENSIONS.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length).replaceAll(sep, '/'))
    .sort((a, b) => (a < b ? -1 : 1));
}

function heldOut(path: string): boolean {
  return createHash('sha256').update(path).digest().readUInt32LE(0) % HELD_OUT_OF === 0;
}

async function areAllGrey(folder: string, files: readonly string[]): Promise<boolean> {
  const grey = await mapConcurrently(files, async (file) => {
    const path = join(folder, file);
    const { space = '', channels = 3 } = await readable(path, () => open(path).metadata());
    return space === 'b-w' || space === 'grey16' || channels < 3;
  });
  return grey.every(Boolean);
}

async function decode(path: string, size: number, channels: 1 | 3): Promise<Buffer> {
  return readable(path, () =>
    open(path)
      .rotate()
      .flatten({ background: '#000' })
      .resize(size, size, { fit: 'cover' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer(),
  );
}

function open(path: string) {
  return sharp(path, { failOn: 'error', limitInputPixels: MOST_PIXELS });
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new UsageError(`the image ${path} cannot be read: ${messageOf(error).split('\n')[0]}; repair or remove it`, {
      cause: error,
    });
  }
}

async function mapConcurrently<A, B>(items: readonly A[], map: (item: A) => Promise<B>): Promise<B[]> {
  const results = new Array<B>(items.length);
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await map(items[index] as A);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  return results;
}

/** A folder of images: every image below it, resized to a square, grey or RGB. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { UsageError } from '../../common/errors.js';
import { doublings } from '../network/architecture.js';
import { type DataOptions, type Dataset, DEFAULT_IMAGE_SIZE } from './dataset.js';
import { EXTENSIONS, imageFiles } from './image-files.js';
import { decode, isStoredGrey } from './decode.js';
import { imageDataset } from './images.js';

/** Every tenth image, by a hash of its path, so that adding one moves no other. */
const HELD_OUT_OF = 10;
/** Decoded images that are kept in memory. */
const MOST_BYTES = 8 * 2 ** 30;
const CONCURRENT = 4;

/**
 * Grey when all images are, unless `channels` says otherwise.
 * @throws UsageError when there is no image, one is broken (it is named), or they are too many
 */
export async function openFolder(folder: string, options: Omit<DataOptions, 'seed'>): Promise<Dataset> {
  const { imageSize = DEFAULT_IMAGE_SIZE, channels, onProgress, signal } = options;
  doublings(imageSize);
  const files = imageFiles(folder);
  if (files.length === 0) throw new UsageError(`--data ${folder} holds no image (${[...EXTENSIONS].join(', ')})`);
  const depth = channels ?? ((await areAllStoredGrey(folder, files, signal)) ? 1 : 3);
  const size = imageSize * imageSize * depth;
  const places = placesOf(files);
  const images = allocate(folder, places, size);
  let done = 0;
  await forEachConcurrently(files, signal, async (file, i) => {
    const { part, index } = places[i] as Place;
    images[part].set(await decode(join(folder, file), imageSize, depth), index * size);
    done += 1;
    onProgress?.(done, files.length);
  });
  // Many grey pictures are stored as RGB; only their pixels tell.
  const inFactGrey = channels === undefined && depth === 3 && isGrey(images.train) && isGrey(images.heldOut);
  return imageDataset(folder, {
    shape: [imageSize, imageSize, inFactGrey ? 1 : depth],
    train: inFactGrey ? everyThird(images.train) : images.train,
    heldOut: inFactGrey ? everyThird(images.heldOut) : images.heldOut,
  });
}

interface Place {
  part: 'train' | 'heldOut';
  /** Among the images of its part. */
  index: number;
}

/** Which image goes where, in the order of the files. At least one is for training. */
function placesOf(files: readonly string[]): Place[] {
  const heldOut = files.map((path) => createHash('sha256').update(path).digest().readUInt32LE(0) % HELD_OUT_OF === 0);
  if (heldOut.every(Boolean)) heldOut[0] = false;
  const next = { train: 0, heldOut: 0 };
  return heldOut.map((held) => {
    const part = held ? 'heldOut' : 'train';
    return { part, index: next[part]++ };
  });
}

function allocate(folder: string, places: readonly Place[], size: number): Record<Place['part'], Uint8Array> {
  const held = places.filter(({ part }) => part === 'heldOut').length;
  const advice = `use a smaller --image-size or fewer images`;
  if (places.length * size > MOST_BYTES) {
    throw new UsageError(
      `--data ${folder} holds ${places.length} images, too many for ${MOST_BYTES / 2 ** 30} GiB: ${advice}`,
    );
  }
  try {
    return { train: new Uint8Array((places.length - held) * size), heldOut: new Uint8Array(held * size) };
  } catch (error) {
    throw new UsageError(`the ${places.length} images of --data ${folder} do not fit into memory: ${advice}`, {
      cause: error,
    });
  }
}

async function areAllStoredGrey(
  folder: string,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let all = true;
  await forEachConcurrently(files, signal, async (file) => {
    if (all && !(await isStoredGrey(join(folder, file)))) all = false;
  });
  return all;
}

function isGrey(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 3) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false;
  }
  return true;
}

function everyThird(pixels: Uint8Array): Uint8Array {
  const grey = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < grey.length; i += 1) grey[i] = pixels[i * 3] as number;
  return grey;
}

/** The first failure stops the rest: no image is read after this has thrown. */
async function forEachConcurrently<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  visit: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length && failures.length === 0) {
      const index = next;
      next += 1;
      try {
        signal?.throwIfAborted();
        await visit(items[index] as T, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, work));
  if (failures.length > 0) throw failures[0];
}

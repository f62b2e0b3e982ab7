/** An .npz file in MedMNIST's layout: train_images and test_images, [n, size, size] or [n, size, size, 3], uint8. */
import { readFileSync, statSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { parse as parseNpy } from 'npyjs';
import { UsageError, messageOf } from '../../common/errors.js';
import { doublings } from '../network/architecture.js';
import type { Dataset } from './dataset.js';
import { imageDataset } from './images.js';

/** Of the file, and of its arrays together: what Node reads in one piece. */
const MOST_BYTES = 2 ** 31;
/** Deflate cannot pack closer than 1032 to 1: an entry that claims more lies, and must not be given the memory. */
const BEST_RATIO = 1032;
const MEMBERS = ['train_images', 'test_images'] as const;

/** @throws UsageError naming the file and what is wrong with it */
export function openNpz(path: string): Dataset {
  const members = readMembers(path);
  const [train, heldOut] = MEMBERS.map((name) => readImages(path, name, members[`${name}.npy`])) as [Images, Images];
  const [, height, width, channels] = train.shape;
  if (heldOut.shape.slice(1).join() !== train.shape.slice(1).join()) {
    throw new UsageError(
      `${path}: test_images are [${heldOut.shape.join(', ')}], train_images [${train.shape.join(', ')}]`,
    );
  }
  if (height !== width) throw new UsageError(`${path}: images must be square, these are ${height} x ${width}`);
  doublings(height);
  return imageDataset(path, { shape: [height, width, channels], train: train.bytes, heldOut: heldOut.bytes });
}

function readMembers(path: string): Record<string, Uint8Array> {
  let claimed = 0;
  try {
    if (statSync(path).size > MOST_BYTES) throw new UsageError(`it is larger than ${MOST_BYTES / 2 ** 30} GiB`);
    return unzipSync(readFileSync(path), {
      filter({ name, size, originalSize }) {
        if (!MEMBERS.some((member) => name === `${member}.npy`)) return false;
        // Checked before memory is taken: a small file can claim anything.
        if (originalSize > size * BEST_RATIO)
          throw new UsageError(`${name} claims ${originalSize} bytes in ${size} packed ones`);
        claimed += originalSize;
        if (claimed > MOST_BYTES) throw new UsageError(`its arrays claim ${claimed} bytes, more than ${MOST_BYTES}`);
        return true;
      },
    });
  } catch (error) {
    throw new UsageError(`${path} is not an .npz file that can be read: ${messageOf(error)}`, { cause: error });
  }
}

interface Images {
  /** [count, height, width, channels] */
  shape: readonly [number, number, number, number];
  bytes: Uint8Array;
}

function readImages(path: string, name: string, member: Uint8Array | undefined): Images {
  if (member === undefined)
    throw new UsageError(`${path} lacks the array ${name}: expected MedMNIST's layout (${MEMBERS.join(', ')})`);
  const { dtype, shape, data, fortranOrder } = parse(path, name, member);
  if (!(data instanceof Uint8Array)) throw new UsageError(`${path}: ${name} must be uint8, it is ${dtype}`);
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if (
    fortranOrder ||
    shape.length < 3 ||
    shape.length > 4 ||
    (channels !== 1 && channels !== 3) ||
    !shape.every(isSize)
  ) {
    throw new UsageError(
      `${path}: ${name} must be [n, size, size] or [n, size, size, 3] in C order, it is [${shape.join(', ')}]${fortranOrder ? ' in Fortran order' : ''}`,
    );
  }
  if (data.length !== count * height * width * channels) {
    throw new UsageError(`${path}: ${name} claims [${shape.join(', ')}] and holds ${data.length} bytes`);
  }
  return { shape: [count, height, width, channels], bytes: data };
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function parse(path: string, name: string, member: Uint8Array) {
  try {
    const own = member.byteLength === member.buffer.byteLength ? member : member.slice();
    return parseNpy(own.buffer as ArrayBuffer);
  } catch (error) {
    throw new UsageError(`${path}: ${name} is not an array that can be read: ${messageOf(error)}`, { cause: error });
  }
}

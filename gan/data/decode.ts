/** Reads one image file of any size and format as a small square of pixels. */
import { UsageError, messageOf } from '../../common/errors.js';

/** 1: grey. 3: RGB. */
export type Channels = 1 | 3;

/** A picture of more pixels than this is taken for an attack or a mistake. */
const MOST_PIXELS = 100e6;

/**
 * The middle of the picture, upright, on black where it is transparent, [size, size, channels]; of an animation, the first frame.
 * @throws UsageError naming the file when it cannot be read
 */
export async function decode(path: string, size: number, channels: Channels): Promise<Buffer> {
  return readable(path, async () =>
    (await open(path))
      .rotate()
      .flatten({ background: '#000' })
      .resize(size, size, { fit: 'cover' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer(),
  );
}

/** Whether the file's format says that it has no colour. @throws UsageError naming the file when it cannot be read */
export async function isStoredGrey(path: string): Promise<boolean> {
  const { space, channels } = await readable(path, async () => (await open(path)).metadata());
  return space === 'b-w' || space === 'grey16' || channels < 3;
}

async function open(path: string) {
  // Every worker loads this file, few read images.
  const { default: sharp } = await import('sharp');
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

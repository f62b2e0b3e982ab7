/** Images kept as bytes, four times smaller than floats; scaled to [-1, 1] when a batch asks for them. */
import { createHash } from 'node:crypto';
import type { Dataset } from './dataset.js';
import { gatherSamples } from './gather.js';

export interface ImageBytes {
  /** [height, width, channels] */
  shape: readonly [number, number, number];
  /** [count, height, width, channels], 0 to 255. */
  train: Uint8Array;
  heldOut: Uint8Array;
}

export function imageDataset(name: string, { shape, train, heldOut }: ImageBytes): Dataset {
  const size = shape[0] * shape[1] * shape[2];
  let sha256: string | undefined;
  return {
    name,
    kind: 'image',
    shape,
    count: train.length / size,
    heldOut: heldOut.length / size,
    gather: (indices, into) => gather(train, size, indices, into),
    gatherHeldOut: (indices, into) => gather(heldOut, size, indices, into),
    get sha256() {
      sha256 ??= createHash('sha256').update(shape.join('x')).update(train).digest('hex');
      return sha256;
    },
  };
}

/** A byte where tanh lives: 0 → -1, 255 → 1. */
export const SCALED = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

function gather(bytes: Uint8Array, size: number, indices: Uint32Array, into: Float32Array<ArrayBuffer> | undefined) {
  return gatherSamples({ count: bytes.length / size, size }, indices, into, (index, batch, at) => {
    const from = index * size;
    for (let k = 0; k < size; k += 1) batch[at + k] = SCALED[bytes[from + k] as number] as number;
  });
}

/** Images kept as bytes, four times smaller than floats; scaled to [-1, 1] when a batch asks for them. */
import { createHash } from 'node:crypto';
import type { Dataset } from './dataset.js';

export interface ImageBytes {
  /** [height, width, channels] */
  shape: readonly [number, number, number];
  /** [count, height, width, channels], 0 to 255. */
  train: Uint8Array;
  heldOut: Uint8Array;
}

export function imageDataset(name: string, { shape, train, heldOut }: ImageBytes): Dataset {
  const size = shape[0] * shape[1] * shape[2];
  return {
    name,
    kind: 'image',
    shape,
    count: train.length / size,
    heldOut: heldOut.length / size,
    gather: (indices) => gather(train, size, indices),
    gatherHeldOut: (indices) => gather(heldOut, size, indices),
    sha256: createHash('sha256').update(shape.join('x')).update(train).digest('hex'),
  };
}

/** Where tanh lives: 0 → -1, 255 → 1. */
const SCALED = Float32Array.from({ length: 256 }, (_, byte) => byte / 127.5 - 1);

function gather(bytes: Uint8Array, size: number, indices: Uint32Array): Float32Array<ArrayBuffer> {
  const batch = new Float32Array(indices.length * size);
  for (let i = 0; i < indices.length; i += 1) {
    const from = (indices[i] as number) * size;
    for (let k = 0; k < size; k += 1) batch[i * size + k] = SCALED[bytes[from + k] as number] as number;
  }
  return batch;
}

/** Pixels in [-1, 1] as bytes. */
export function imageBytes(samples: Float32Array): Uint8Array {
  // A clamped array rounds and clips by itself.
  return new Uint8Array(Uint8ClampedArray.from(samples, (value) => (value + 1) * 127.5).buffer);
}

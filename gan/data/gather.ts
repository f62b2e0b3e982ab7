/** Picks samples out of one long array: what every dataset's `gather` does, but for how a value is read. */

/**
 * @param size values of one sample
 * @param write copies sample `index` to `batch`, from position `at` on
 * @returns [indices.length, size]: `into`, or a new array
 * @throws RangeError when an index is not below `count`, or `into` has another length
 */
export function gatherSamples(
  { count, size }: { count: number; size: number },
  indices: Uint32Array,
  into: Float32Array<ArrayBuffer> | undefined,
  write: (index: number, batch: Float32Array<ArrayBuffer>, at: number) => void,
): Float32Array<ArrayBuffer> {
  const length = indices.length * size;
  if (into !== undefined && into.length !== length) {
    throw new RangeError(`${indices.length} samples are ${length} values, the given array has ${into.length}`);
  }
  const batch = into ?? new Float32Array(length);
  for (let i = 0; i < indices.length; i += 1) {
    const index = indices[i] as number;
    if (index >= count) throw new RangeError(`sample ${index} does not exist: there are ${count}`);
    write(index, batch, i * size);
  }
  return batch;
}

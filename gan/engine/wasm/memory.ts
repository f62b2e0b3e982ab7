/** The one WebAssembly memory that all tensors of a process lie in. */
import { UsageError } from '../../../common/errors.js';

/** Of the 4 GiB that 32 bits can name: the rest is for what the kernels pack and point to, whose lack they only print. */
const MOST_BYTES = 0xf000_0000;

/** What tfjs's backend takes memory with. */
export interface Allocator {
  /** @returns an address, perhaps as a negative number; 0 when there is no memory left */
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * Makes a full memory an error. tfjs takes the address 0 for a tensor like any other, and overwrites what lies there.
 *
 * @throws UsageError, later, from whatever makes a tensor
 */
export function guardMemory(wasm: Allocator): void {
  // Emscripten's first call puts the real function in the place of itself, and would put it in the place of ours.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = malloc(bytes);
    if (address !== 0 && (address >>> 0) + bytes <= MOST_BYTES) return address;
    throw new UsageError(
      'the memory of the wasm engine is full, a worker has 4 GiB of it: use a smaller --batch, --width or --image-size, or the native engine (--engine tensorflow)',
    );
  };
}

/** Changes to files that somebody else may hold open at that moment. */

/**
 * What Windows says then, of a file that a virus scanner or an indexer is reading, and of a folder that holds one. Everywhere
 * else an open file can be renamed, replaced and removed, and these are errors that last.
 */
const HELD = new Set(['EPERM', 'EACCES', 'EBUSY', 'ENOTEMPTY']);
/** A scan takes less; every deadline of a run takes longer. Milliseconds. */
const MOST_MS = 2000;
const [FIRST_MS, LONGEST_MS] = [10, 200];

interface Waits {
  platform?: string;
  /** Blocks the thread: between two tries nothing else may see what is half done. */
  pause?: (ms: number) => void;
}

/**
 * Does what may be refused for a moment, again and again for two seconds.
 *
 * @throws what the last try threw
 */
export function whenFree<T>(act: () => T, { platform = process.platform, pause = block }: Waits = {}): T {
  for (let [waited, ms] = [0, FIRST_MS]; ; [waited, ms] = [waited + ms, Math.min(2 * ms, LONGEST_MS)]) {
    try {
      return act();
    } catch (error) {
      const held = platform === 'win32' && HELD.has((error as NodeJS.ErrnoException).code ?? '');
      if (!held || waited >= MOST_MS) throw error;
      pause(ms);
    }
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms);
}

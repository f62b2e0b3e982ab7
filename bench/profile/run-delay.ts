/** How long this thread has been ready to run while no processor was free, as Linux counts it. */
import { openSync, readSync } from 'node:fs';

/** Nanoseconds on a processor, nanoseconds ready without one, and how often it got one. */
const SCHEDULE = '/proc/thread-self/schedstat';

/** @returns milliseconds since the thread began, whenever it is called; undefined on a system that does not say */
export function runDelay(): (() => number) | undefined {
  let file: number;
  try {
    file = openSync(SCHEDULE, 'r');
  } catch {
    return undefined;
  }
  const bytes = Buffer.alloc(80);
  return () => {
    // A file that stays open and is read at its beginning says how it is now.
    const text = bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
    return Number(text.split(' ')[1]) / 1e6;
  };
}

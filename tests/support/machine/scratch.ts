/** A folder of its own for a test, gone after it: `await using scratch = scratchFolder()`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Scratch extends AsyncDisposable {
  path: string;
  /** @returns the path of a new file; missing folders are made */
  write(name: string, bytes: Uint8Array | string): string;
}

export function scratchFolder(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'duet-test-'));
  return {
    path,
    write(name, bytes) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      return file;
    },
    [Symbol.asyncDispose]() {
      rmSync(path, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

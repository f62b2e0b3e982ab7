/** Two comparisons must not work in one folder: each would take the other's runs for interrupted ones. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../../common/errors.js';
import { lock } from '../../../common/process/lock.js';
import { storageError } from '../../run/storage-error.js';

const FILE = 'compare.lock';

/** A lock whose owner died is taken over. @throws UsageError when another comparison is at work there */
export async function lockFolder(out: string): Promise<Disposable> {
  const file = join(out, FILE);
  try {
    mkdirSync(out, { recursive: true });
    return await lock(file, () => {
      throw new UsageError(
        `another comparison${ownerOf(file)} is at work in ${out}: wait for it, or choose another --out (if there is none, delete ${file})`,
      );
    });
  } catch (error) {
    throw storageError(error, out);
  }
}

function ownerOf(file: string): string {
  try {
    const [host, pid] = JSON.parse(readFileSync(file, 'utf8')) as [string, number];
    return ` (process ${pid} of ${host})`;
  } catch {
    return '';
  }
}

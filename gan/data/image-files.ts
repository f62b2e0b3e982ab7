/** Finds the images of a folder. */
import { readdirSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { UsageError, messageOf } from '../../common/errors.js';

/** What sharp's prebuilt library reads; it has no BMP. */
export const EXTENSIONS: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
]);

/**
 * Paths of all images below a folder, relative to it, with '/', sorted by UTF-16 code unit: an order that depends
 * neither on the system nor on its language. Hidden files and folders and other kinds of files are passed over.
 * @throws UsageError when a folder cannot be read
 */
export function imageFiles(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => EXTENSIONS.has(extname(entry.name).toLowerCase()))
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ entry, path }) => entry.isFile() || (entry.isSymbolicLink() && isFile(path)))
    .map(({ path }) => relative(folder, path).replaceAll(sep, '/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort((a, b) => (a < b ? -1 : 1));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw new UsageError(`--data ${folder} cannot be read as a folder: ${messageOf(error)}`, { cause: error });
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

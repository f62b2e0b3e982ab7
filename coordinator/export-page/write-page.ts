/** A folder with a page that draws samples in any browser, offline: document, script, style, tfjs and the models. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../../common/errors.js';
import { whenFree } from '../../common/process/when-free.js';
import { storageError } from '../run/storage-error.js';
import { syncFolder, writeSynced } from '../run/sync.js';
import type { About } from './about.js';
import { pageDocument } from './document.js';
import { modelScript } from './model-script.js';

/** Made from browser/ by scripts/build.js. */
const ASSETS = new URL('assets/', import.meta.url);
/**
 * tfjs for browsers as a classic script. The build for ES2017: the one for older browsers (tf.min.js) evaluates text, which
 * the page's policy forbids, and is a third larger.
 */
const TFJS = '@tensorflow/tfjs/dist/tf.es2017.min.js';

const OF_A_PAGE = /^(index\.html|page\.(js|css)|tf\.min\.js|generator-\d+\.js)$/;

/** @throws UsageError when there is something in the folder that no export wrote: it would be lost */
export function assertReplaceable(folder: string): void {
  let names: string[];
  try {
    names = existsSync(folder) ? readdirSync(folder) : [];
  } catch (error) {
    throw storageError(error, folder);
  }
  const foreign = names.find((name) => !OF_A_PAGE.test(name));
  if (foreign === undefined) return;
  throw new UsageError(
    `${folder} holds ${foreign}, which is not of an exported page and would be lost: move it away, or choose another --out`,
  );
}

/**
 * Replaces the page that is there. It is put together under a temporary name: there is the old one or the new one, never a mixture.
 *
 * @param models folder of the exported models: generator-1/model.json, ...
 * @returns the path of index.html
 * @throws UsageError when a model is too large for a page, or the folder cannot be written
 */
export function writePage(folder: string, about: About, models: string): string {
  assertReplaceable(folder);
  const beside = (what: string) => join(dirname(folder), `.${basename(folder)}.${process.pid}.${what}`);
  const [made, old] = [beside('tmp'), beside('old')];
  try {
    mkdirSync(made, { recursive: true });
    for (const [name, content] of contents(about, models)) writeSynced(join(made, name), content);
    syncFolder(made);
    if (existsSync(folder)) whenFree(() => renameSync(folder, old));
    whenFree(() => renameSync(made, folder));
    syncFolder(dirname(folder));
  } catch (error) {
    if (existsSync(old) && !existsSync(folder)) renameSync(old, folder);
    throw storageError(error, folder);
  } finally {
    for (const leftover of [made, old]) whenFree(() => rmSync(leftover, { recursive: true, force: true }));
  }
  return join(folder, 'index.html');
}

/** File by file: a model is as large as all the rest. */
function* contents(about: About, models: string): Generator<[name: string, content: string | Uint8Array]> {
  const asset = (name: string) => readFileSync(new URL(name, ASSETS));
  for (const name of about.generators) yield [`${name}.js`, modelScript(name, join(models, name, 'model.json'))];
  yield ['tf.min.js', readFileSync(createRequire(import.meta.url).resolve(TFJS))];
  for (const name of ['page.js', 'page.css']) yield [name, asset(name)];
  yield ['index.html', pageDocument(asset('index.html').toString(), about)];
}

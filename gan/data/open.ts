/** Opens training data by name, folder or file. */
import { statSync } from 'node:fs';
import { UsageError } from '../../common/errors.js';
import { nearestOf } from '../../common/nearest.js';
import type { DataOptions, Dataset } from './dataset.js';
import { openFolder } from './folder.js';
import { MIXTURE_NAMES, isMixture, openMixture } from './mixtures.js';
import { openMnist } from './mnist.js';
import { openNpz } from './npz.js';
import { STACKED_MNIST, openStackedMnist } from './stacked-mnist.js';

export const DATA_NAMES = ['mnist', STACKED_MNIST, ...MIXTURE_NAMES] as const;

/** @throws UsageError when there is no such data, or it cannot be used */
export async function openDataset(source: string, options: DataOptions): Promise<Dataset> {
  if (source === 'mnist') return openMnist(options);
  if (source === STACKED_MNIST) return openStackedMnist(options);
  if (isMixture(source)) return openMixture(source, options.seed);
  const found = statSync(source, { throwIfNoEntry: false });
  if (found?.isDirectory()) return openFolder(source, options);
  if (found?.isFile() && source.endsWith('.npz')) return openNpz(source);
  if (found?.isFile())
    throw new UsageError(
      `--data ${source} is a file of a kind that is not read: give an .npz file or a folder of images`,
    );
  throw new UsageError(
    `--data '${source}' does not exist: give ${DATA_NAMES.join(', ')}, a folder of images or an .npz file${nearestOf(source, DATA_NAMES)}`,
  );
}

import { basename } from 'node:path';
import { UsageError } from '../../common/errors.js';
import { isMixture, mixtureNamed } from '../../gan/data/mixtures.js';
import { readRecord } from '../run/config/record.js';
import type { RunDirectory } from '../run/directory.js';
import { rolesOf } from '../training/crew/roles.js';
import type { About } from './about.js';

/** What the page says of a run. @throws UsageError when nobody knows what its samples look like */
export function aboutRun(directory: RunDirectory, step: number): About {
  const { id, training, sampleShape: shape } = readRecord(directory);
  const { system, data, seed, generators, latent } = training;
  const centres = isMixture(data) ? mixtureNamed(data).centres : [];
  if (!canBeShown(shape, centres)) {
    const file = directory.file('config.json');
    const what =
      shape.length === 0
        ? `${file} does not say the shape of a sample`
        : `as the shape of a sample ${file} says [${shape.join(', ')}], which is no image and no points of a known mixture`;
    throw new UsageError(`${what}: a page cannot show it; leave --page away for the models alone`);
  }
  return {
    run: id,
    system,
    // The folders above a user's data are nobody else's business.
    data: basename(data),
    step,
    seed,
    generators: rolesOf(generators).slice(1),
    latent,
    shape,
    centres: [...centres],
  };
}

/** Images, grey or RGB, and points on a plane whose modes are known. */
function canBeShown(shape: readonly number[], centres: readonly unknown[]): boolean {
  if (shape.length === 3) return shape[2] === 1 || shape[2] === 3;
  return shape.length === 1 && shape[0] === 2 && centres.length > 0;
}

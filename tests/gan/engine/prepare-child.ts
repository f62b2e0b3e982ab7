/** A process that prepares an engine, for the tests that need several: prints each phase as it begins. */
import { type FromOptions, prepareFrom } from '../../../gan/engine/prepare/prepare-from.js';

const { wheel, env } = JSON.parse(process.argv[2] ?? '') as Pick<FromOptions, 'wheel' | 'env'>;
let last = '';
await prepareFrom({
  flavour: 'cpu',
  wheel,
  env,
  freeBytes: () => Promise.resolve(1e12),
  onProgress({ phase }) {
    if (phase !== last) process.stdout.write(`${phase}\n`);
    last = phase;
  },
});
process.stdout.write('prepared\n');

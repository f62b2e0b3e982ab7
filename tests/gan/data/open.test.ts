import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { openDataset } from '../../../gan/data/open.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { npz, ramp } from '../../support/numbers/npy.js';

const options = { seed: 1 };
const refuses =
  (...parts: string[]) =>
  (error: unknown) =>
    error instanceof UsageError && parts.every((part) => error.message.includes(part));

test('a name, a folder and a file are told apart', async () => {
  await using scratch = scratchFolder();
  assert.equal((await openDataset('ring8', options)).kind, 'points');
  assert.equal((await openDataset('mnist', options)).count, 60_000);
  const file = scratch.write('x.npz', npz({ train_images: ramp([2, 28, 28]), test_images: ramp([1, 28, 28]) }));
  assert.equal((await openDataset(file, options)).count, 2);
  await assert.rejects(openDataset(scratch.path, options), refuses('holds no image'));
});

test('an unknown name is refused with the nearest one and the list', async () => {
  await assert.rejects(
    openDataset('mnits', options),
    refuses("'mnits'", "did you mean 'mnist'", 'ring8', 'grid25', '.npz'),
  );
  await assert.rejects(openDataset('/no/such/place', options), refuses("'/no/such/place'"));
});

test('a file of another kind is refused', async () => {
  await using scratch = scratchFolder();
  await assert.rejects(openDataset(scratch.write('data.csv', '1,2'), options), refuses('data.csv', '.npz'));
});

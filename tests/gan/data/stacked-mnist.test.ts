import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { openMnist, readDigitLabels, readLabels } from '../../../gan/data/mnist.js';
import { openDataset } from '../../../gan/data/open.js';
import { openStackedMnist } from '../../../gan/data/stacked-mnist.js';
import { scratchFolder } from '../../support/machine/scratch.js';

test('stacked-mnist is 128,000 and 10,000 images of three digits, the same for the same seed', async () => {
  const images = await openStackedMnist({ seed: 1 });
  assert.deepEqual([images.count, images.heldOut, images.shape], [128_000, 10_000, [28, 28, 3]]);
  const chosen = Uint32Array.of(0, 127_999, 5);
  const [again, other] = [await openDataset('stacked-mnist', { seed: 1 }), await openStackedMnist({ seed: 2 })];
  assert.deepEqual(again.gather(chosen), images.gather(chosen));
  assert.equal(again.sha256, images.sha256);
  assert.notDeepEqual(other.gather(chosen), images.gather(chosen));
  assert.notEqual(other.sha256, images.sha256);
  assert.throws(() => images.gather(Uint32Array.of(128_000)), RangeError);
  assert.throws(() => images.modes(Uint32Array.of(128_000)), RangeError);
});

test('every channel is a training digit, and the mode is read off the three labels', async () => {
  const [images, digits, labels] = [await openStackedMnist({ seed: 3 }), await openMnist(), readDigitLabels()];
  const all = digits.gather(Uint32Array.from({ length: digits.count }, (_, i) => i));
  // Digits by a checksum of their pixels: to look each channel up.
  const checksum = (pixels: (k: number) => number) => {
    let sum = 0;
    for (let k = 0; k < 784; k += 1) sum += pixels(k) * (1 + (k % 97) * 0.37 + k);
    return sum;
  };
  const known = new Map<number, number>();
  for (let i = 0; i < digits.count; i += 1)
    known.set(
      checksum((k) => all[i * 784 + k] as number),
      labels.train[i] ?? -1,
    );
  const chosen = Uint32Array.of(7, 70_000, 127_999);
  const stacked = images.gather(chosen);
  const modes = [...chosen.keys()].map((i) =>
    [0, 1, 2].reduce(
      (mode, channel) =>
        mode * 10 + (known.get(checksum((k) => stacked[(i * 784 + k) * 3 + channel] as number)) ?? NaN),
      0,
    ),
  );
  assert.deepEqual([...images.modes(chosen)], modes);
});

test('held-out images are made of test digits, and all 1,000 modes are there in about equal numbers', async () => {
  const images = await openStackedMnist({ seed: 1 });
  const counts = new Array<number>(1000).fill(0);
  for (const mode of images.modes(Uint32Array.from({ length: images.count }, (_, i) => i))) {
    counts[mode] = (counts[mode] ?? 0) + 1;
  }
  // 128 each if all digits were equally frequent; there are 5,421 fives and 6,742 ones, three of which multiply.
  assert.ok(Math.min(...counts) > 60 && Math.max(...counts) < 260, `${Math.min(...counts)} to ${Math.max(...counts)}`);
  const heldOut = images.heldOutModes(Uint32Array.from({ length: 1000 }, (_, i) => i));
  assert.ok(new Set(heldOut).size > 500);
  assert.throws(() => images.gatherHeldOut(Uint32Array.of(10_000)), RangeError);
});

test('the labels of MNIST are those of its digits: 5 0 4 1 9 in training, 7 2 1 0 4 in test', () => {
  const { train, heldOut } = readDigitLabels();
  assert.deepEqual(
    [[...train.subarray(0, 5)], [...heldOut.subarray(0, 5)]],
    [
      [5, 0, 4, 1, 9],
      [7, 2, 1, 0, 4],
    ],
  );
  assert.deepEqual([train.length, heldOut.length], [60_000, 10_000]);
});

test('a label file that is damaged is refused and the cure is named', async () => {
  await using scratch = scratchFolder();
  const whole = Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 9, 0]);
  assert.deepEqual([...readLabels(scratch.write('whole', whole), 2)], [9, 0]);
  const ten = Buffer.from(whole);
  ten[9] = 10;
  for (const [name, bytes] of [
    ['short', whole.subarray(0, 9)],
    ['ten', ten],
  ] as const) {
    assert.throws(
      () => readLabels(scratch.write(name, bytes), 2),
      (error) => error instanceof UsageError && /npm ci/.test(error.message),
    );
  }
});

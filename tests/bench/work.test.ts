import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesOf, stepsFor, workOf } from '../../bench/cost/sweep.js';
import { PRESET, configOf, duetFlags, parametersOfWork, relativeWork } from '../../bench/work.js';
import { UsageError } from '../../common/errors.js';
import { compileOptions } from '../../coordinator/run/config/options.js';
import { readReference } from '../support/numbers/reference.js';

interface Counts {
  image: number;
  width: number;
  generator: number;
  discriminator: number;
}

test("at every size that is measured, Duet's networks train as many numbers as the peer's, by PyTorch's own count", () => {
  const counted = readReference<Counts[]>('parameters');
  for (const { image, width, ...counts } of counted) {
    assert.deepEqual(parametersOfWork({ ...PRESET, image, width }), counts, `${image} px, width ${width}`);
  }
  const sizes = counted.map(({ image, width }) => `${image} ${width}`);
  for (const { by, values } of seriesOf('all', undefined)) {
    for (const value of values) {
      const { image, width } = workOf(by, value);
      assert.ok(sizes.includes(`${image} ${width}`), `the peer's count at ${image} px, width ${width} is in the file`);
    }
  }
});

test("every work that is measured is asked for by flags that stand for Duet's config of it, the preset's by the defaults", () => {
  assert.deepEqual(configOf(PRESET), compileOptions({}).training);
  for (const { by, values } of seriesOf('all', undefined)) {
    for (const value of values) {
      const flags = duetFlags(workOf(by, value));
      const given: Record<string, number> = {};
      for (let i = 0; i < flags.length; i += 2) {
        const key = (flags[i] as string).slice(2).replace(/-[a-z]/g, (text) => text.slice(1).toUpperCase());
        given[key] = Number(flags[i + 1]);
      }
      assert.deepEqual(compileOptions(given).training, configOf(workOf(by, value)));
    }
  }
});

test('a value that Duet cannot train with is refused in a sentence that names it', () => {
  const refused = [
    ['batch', '16,1', /--values '1' cannot be measured: --batch 1 is not possible/],
    ['image', '30', /--values '30' cannot be measured: images of 30 px cannot be generated/],
    ['generators', '2.5', /--values '2.5' cannot be measured: --generators 2.5 is not possible/],
    ['width', 'wide', /--values 'wide' cannot be measured: it takes numbers separated by commas/],
    ['width', '1,', /--values '' cannot be measured/],
    ['all', '1,2', /give --by, too/],
  ] as const;
  for (const [by, values, message] of refused) {
    assert.throws(
      () => seriesOf(by, values),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});

test("a larger work is measured for fewer steps, about as long as the preset's; a smaller one for no more", () => {
  assert.equal(relativeWork(PRESET), 1);
  assert.equal(relativeWork({ ...PRESET, batch: 256 }), 4);
  assert.equal(stepsFor(PRESET, 20), 20);
  assert.equal(stepsFor(workOf('batch', 16), 20), 20);
  assert.equal(stepsFor(workOf('batch', 128), 20), 10);
  assert.equal(stepsFor(workOf('batch', 512), 20), 5);
  assert.equal(stepsFor(workOf('batch', 512), 2), 2);
});

test('the multiplications of a step are those of its layers, counted by hand', () => {
  // At 28 px and width 1: 4x4 kernels, 1 to 64 at 14 x 14, 64 to 128 at 7 x 7, and 7 * 7 * 128 to 1.
  const discriminator = 16 * 64 * 14 * 14 + 16 * 64 * 128 * 7 * 7 + 6272;
  // 100 to 7 * 7 * 128, 4x4 kernels applied at 7 x 7 and 14 x 14.
  const generator = 100 * 6272 + 16 * 128 * 64 * 7 * 7 + 16 * 64 * 14 * 14;
  const step = (generators: number) => discriminator * (3 + 5 * generators) + 3 * generators * generator;
  assert.equal(relativeWork({ ...PRESET, generators: 8 }), step(8) / step(2));
});

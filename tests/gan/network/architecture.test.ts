import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countParameters } from '../../../gan/network/architecture.js';
import { trainingConfigSchema } from '../../../gan/config.js';
import { architectureOf } from '../../../gan/network/role-architecture.js';

const count = (role: string, given: object, sample: readonly number[]) =>
  countParameters(architectureOf(role, trainingConfigSchema.parse(given), sample));

test('the MNIST preset has the parameters that its layers add up to, spectral norm none', () => {
  // dense 100 x 6272 and its norm, 4x4 deconv 128 to 64 and its norm, 4x4 deconv 64 to 1 with bias.
  const generator = 100 * 6272 + 2 * 6272 + 16 * 128 * 64 + 2 * 64 + 16 * 64 + 1;
  // 4x4 conv 1 to 64, 4x4 conv 64 to 128, dense 7 * 7 * 128 to 1, with biases.
  const discriminator = 16 * 64 + 64 + 16 * 64 * 128 + 128 + 6272 + 1;
  assert.equal(count('generator-1', {}, [28, 28, 1]), generator);
  assert.equal(count('generator-2', {}, [28, 28, 1]), generator);
  for (const spectralNorm of [false, true]) {
    assert.equal(count('discriminator', { spectralNorm }, [28, 28, 1]), discriminator);
  }
});

test('generatorWidth widens the generators on top of width, and leaves the discriminator', () => {
  for (const sample of [[28, 28, 1], [2]]) {
    const given = { width: 0.5, generatorWidth: 2 };
    assert.equal(count('generator-1', given, sample), count('generator-1', { width: 1 }, sample));
    assert.equal(count('discriminator', given, sample), count('discriminator', { width: 0.5 }, sample));
  }
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../../common/tensors/safetensors.js';
import { readDigitLabels, readDigits } from '../../../gan/data/mnist.js';
import { openStackedMnist } from '../../../gan/data/stacked-mnist.js';
import { cacheFolder } from '../../../gan/engine/prepare/prepared.js';
import { assertSameFeatures, evaluationSchema } from '../../../gan/metrics/evaluation.js';
import { FEATURES } from '../../../gan/metrics/feature-network.js';
import { featuresFolder, findFeatures, prepareFeatures } from '../../../gan/metrics/feature-store.js';
import { rowsOf } from '../../../gan/metrics/matrix.js';
import { FEATURE_TRAINING } from '../../../gan/metrics/train-features.js';
import { viewOf } from '../../../gan/metrics/view.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { testEngine } from '../../support/numbers/engine.js';

const engine = await testEngine();

/** A small training, of seconds. */
async function small(cache: string, rebuild = false) {
  const [images, labels] = [await readDigits(), readDigitLabels()];
  const part = (bytes: Uint8Array, all: Uint8Array, count: number) => ({
    images: bytes.subarray(0, count * 784),
    labels: all.subarray(0, count),
  });
  let updates = 0;
  const network = await prepareFeatures(engine, {
    cache,
    rebuild,
    onProgress: () => (updates += 1),
    digits: { train: part(images.train, labels.train, 3000), test: part(images.heldOut, labels.heldOut, 1000) },
    training: { ...FEATURE_TRAINING, passes: 2 },
  });
  return { network, updates };
}

test('the network is trained once, kept under its hash, and has the same bits when it is trained anew', async () => {
  await using scratch = scratchFolder();
  const first = await small(scratch.path);
  assert.equal(first.updates, 60);
  assert.ok(first.network.testAccuracy > 0.8, `${first.network.testAccuracy} after 3,000 digits`);
  const folder = featuresFolder(scratch.path, engine);
  const [file = '', ...others] = readdirSync(folder);
  assert.deepEqual(others, []);
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');
  assert.equal(file, `mnist-cnn-${hash}.safetensors`);
  assert.equal(first.network.sha256, hash);
  const second = await small(scratch.path);
  assert.deepEqual([second.updates, second.network.sha256], [0, hash], 'nothing is trained the second time');
  const third = await small(scratch.path, true);
  assert.deepEqual([third.updates, third.network.sha256], [60, hash], 'the same bits');
});

test('a damaged, a foreign and a second network are refused, naming the file and the cure', async () => {
  await using scratch = scratchFolder();
  await small(scratch.path);
  const folder = featuresFolder(scratch.path, engine);
  const [file = ''] = readdirSync(folder);
  const whole = readFileSync(join(folder, file));
  const refused = (reason: RegExp) =>
    assert.throws(
      () => findFeatures(engine, scratch.path),
      (error) =>
        error instanceof UsageError && reason.test(error.message) && error.message.includes('features --rebuild'),
    );
  const flipped = Buffer.from(whole);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
  writeFileSync(join(folder, file), flipped);
  refused(/mnist-cnn-[0-9a-f]{64}\.safetensors is damaged: its sha256 is [0-9a-f]{64}/);

  const foreign = (content: Uint8Array) => {
    const path = join(folder, `mnist-cnn-${createHash('sha256').update(content).digest('hex')}.safetensors`);
    writeFileSync(path, content);
    return path;
  };
  foreign(whole);
  foreign(Buffer.from('not a network'));
  refused(/holds 2 feature networks/);
  const { arrays } = decodeSafetensors(whole);
  for (const content of [
    encodeSafetensors({ arrays, metadata: {} }),
    encodeSafetensors({ arrays: arrays.slice(1), metadata: { testAccuracy: '0.9' } }),
    Buffer.from('not a network'),
  ]) {
    await using other = scratchFolder();
    const path = foreign(content);
    const name = path.split('/').at(-1) ?? '';
    copyFileSync(path, other.write(join(featuresFolder('', engine), name), ''));
    assert.throws(
      () => findFeatures(engine, other.path),
      (error) => error instanceof UsageError && /not a feature network/.test(error.message),
    );
  }
});

test('the network of this machine names at least 98.5 % of the test digits', async () => {
  // Trained on first use, a minute; then read.
  using network = await prepareFeatures(engine, { cache: cacheFolder(process.env) });
  const [{ heldOut }, labels] = [await readDigits(), readDigitLabels()];
  const { digits, features } = network.see(
    Float32Array.from(heldOut, (byte) => byte / 127.5 - 1),
    1,
  );
  const right = digits.reduce((sum, digit, i) => sum + (digit === labels.heldOut[i] ? 1 : 0), 0);
  assert.equal(right / 10_000, network.testAccuracy);
  assert.ok(network.testAccuracy >= 0.985, String(network.testAccuracy));
  assert.ok(features.values.every((value) => Math.abs(value) <= 1));
});

test('stacked digits are seen channel by channel, and nearly all modes are named rightly', async () => {
  using network = await prepareFeatures(engine, { cache: cacheFolder(process.env) });
  const data = await openStackedMnist({ seed: 1 });
  const chosen = Uint32Array.from({ length: 600 }, (_, i) => i);
  const images = data.gatherHeldOut(chosen);
  const view = viewOf('stacked-mnist', network, images);
  assert.deepEqual([view.features.rows, view.features.columns], [600, 3 * FEATURES]);
  const truth = data.heldOutModes(chosen);
  const right = view.modes.filter((mode, i) => mode === truth[i]).length;
  assert.ok(right / 600 > 0.93, `${right} of 600`);
  const green = Float32Array.from({ length: 784 }, (_, k) => images[k * 3 + 1] as number);
  const alone = network.see(green, 1).features.values;
  const together = rowsOf(view.features, 0, 1).values.subarray(FEATURES, 2 * FEATURES);
  assert.ok(alone.every((value, k) => Math.abs(value - (together[k] as number)) < 1e-5));
});

const IDENTITY = { run: 'one', step: 500 };

test('evaluations in different features are not compared', () => {
  const network = (sha256: string) => ({ name: 'mnist-cnn' as const, sha256, testAccuracy: 0.99 });
  const [a, b] = ['a', 'b'].map((letter) => ({ ...IDENTITY, features: network(letter.repeat(64)) }));
  const points = { run: 'two', step: 7, features: { name: 'coordinates' as const } };
  assert.doesNotThrow(() => assertSameFeatures(a as never, a as never));
  assert.doesNotThrow(() => assertSameFeatures(points, points));
  for (const other of [b, points]) {
    assert.throws(
      () => assertSameFeatures(a as never, other as never),
      (error) =>
        error instanceof UsageError && /one at step 500 .*not comparable: evaluate both again/.test(error.message),
    );
  }
});

test("the evaluation's schema refuses a metric that it does not know, and a number that is none", () => {
  const discriminator = { training: 0, heldOut: 0, gap: 0, accuracyTraining: 0, accuracyHeldOut: 0 };
  const whole = {
    ...IDENTITY,
    samples: 10,
    seed: 1,
    data: 'ring8',
    features: { name: 'coordinates' },
    groups: { real: { kid: -0.001 } },
    overlap: [],
    discriminator,
  };
  assert.ok(evaluationSchema.safeParse(whole).success);
  for (const groups of [{ real: { fid: 1 } }, { real: { kid: Number.NaN } }]) {
    assert.ok(!evaluationSchema.safeParse({ ...whole, groups }).success);
  }
});

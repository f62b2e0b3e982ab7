import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { exchangeBytes, transfersOf } from '../../bench/transfers.js';
import { PRESET, type Work, configOf, sampleOf } from '../../bench/work.js';
import type { Engine } from '../../gan/engine/index.js';
import { latents } from '../../gan/latents.js';
import { newGame, playStep } from '../../gan/one-process.js';
import { normals, randomStream } from '../../gan/random.js';
import { testEngine } from '../support/numbers/engine.js';

let engine: Engine;
before(async () => {
  engine = await testEngine();
});

test('numbers that an op uses are uploaded once, results are read back as often as they are read, shapes stay where they are', () => {
  const { tf } = engine;
  const x = tf.tensor1d(new Float32Array(10));
  const doubled = transfersOf(engine, () => {
    const y = x.add(x);
    y.dataSync();
    y.dataSync();
    y.reshape([5, 2]).dispose();
  });
  assert.deepEqual(doubled, { upload: 40, readback: 80 });
  assert.deepEqual(
    transfersOf(engine, () => x.add(x).dispose()),
    { upload: 0, readback: 0 },
  );
  // An axis is a whole number.
  assert.deepEqual(
    transfersOf(engine, () => x.sum(0).dispose()),
    { upload: 0, readback: 0 },
  );
});

for (const work of [
  { batch: 4, image: 16, width: 0.125, generators: 1 },
  { batch: 6, image: 32, width: 0.25, generators: 3 },
] satisfies Work[]) {
  test(`a step moves what processes exchange, x and the latents, and little else: ${JSON.stringify(work)}`, () => {
    const [config, sample] = [configOf(work), sampleOf(work)];
    const game = newGame(engine, config, sample);
    const x = normals(randomStream(1, 'test'), config.batch * sample.reduce((a, b) => a * b, 1));
    const z = latents(1, 1, config.batch, config.latent);
    playStep(game, x, z);
    const { upload, readback } = transfersOf(engine, () => playStep(game, x, z));
    const exchange = exchangeBytes(work);
    const logits = (1 + 2 * work.generators) * work.batch * 4;
    const given = x.byteLength + work.generators * z.byteLength;
    // Norms, factors, and whatever else is a few numbers.
    const few = 1024;
    between('readback', readback, 2 * exchange, 2 * exchange + logits + few);
    // The discriminator may upload the fakes for its update and once more to judge them.
    between('upload', upload, given + 2 * exchange, given + 3 * exchange + logits + few);
  });
}

test("the preset's exchange is what its generators hand over, and what they get back", () => {
  const config = configOf({ ...PRESET, batch: 8 });
  const { generators, discriminator } = newGame(engine, config, sampleOf(PRESET));
  const open = generators.map((generator) => generator.open(latents(1, 1, config.batch, config.latent)));
  const bytes = open.reduce((sum, { fakes }) => sum + fakes.byteLength, 0);
  assert.equal(exchangeBytes({ ...PRESET, batch: 8 }), bytes);
  assert.equal(exchangeBytes(PRESET), 8 * bytes);
  const fakes = Float32Array.from(open.flatMap((each) => [...each.fakes]));
  using real = discriminator.realHalf(open[0]?.fakes as Float32Array);
  const { verdict } = discriminator.update(real, fakes);
  const judgements = discriminator.judgeFakes(fakes, verdict);
  assert.equal(
    judgements.reduce((sum, { gradient }) => sum + gradient.byteLength, 0),
    bytes,
  );
  for (const each of open) each[Symbol.dispose]();
});

function between(what: string, value: number, least: number, most: number): void {
  assert.ok(value >= least && value <= most, `${what} ${value} is not from ${least} to ${most}`);
}

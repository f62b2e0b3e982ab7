import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { decodeSafetensors } from '../../../common/tensors/safetensors.js';
import type { RunRecord } from '../../../coordinator/run/config/record.js';
import { Generator } from '../../../gan/generator.js';
import { sampleLatents } from '../../../gan/latents.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { testEngine } from '../../support/numbers/engine.js';
import { assertClose } from '../../support/numbers/reference.js';
import { serveFolder } from '../../support/pages/static-server.js';
import { coordinator, readCheckpoint, readJournal, startRun } from '../../support/runs/run.js';

const STEPS = 20;

test('a run leaves what the README says, and its generators can be sampled and exported', async (t) => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const run = await startRun(out, '--steps', String(STEPS), '--batch', '16', '--width', '0.25', '--workers', '4');
  assert.equal(run.code, 0, run.stderr);

  await t.test('config, run, events, metrics, samples, checkpoint and exports are there', async () => {
    const record = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as RunRecord;
    assert.equal(record.training.generators, 3);
    assert.equal(record.identity.engine, 'tensorflow 2.21.0');
    assert.match(record.identity.data ?? '', /^[0-9a-f]{64}$/);
    assert.equal((JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { state: string }).state, 'finished');
    assert.equal(readJournal(out, 'metrics.jsonl').length, STEPS);
    const events = readJournal<{ event: string }>(out, 'events.jsonl').map(({ event }) => event);
    assert.equal(events[0], 'run-started');
    assert.equal(events.at(-1), 'run-finished');
    assert.deepEqual(readdirSync(join(out, 'checkpoints', 'step-000020')).sort(), [
      'discriminator.safetensors',
      'generator-1.safetensors',
      'generator-2.safetensors',
      'generator-3.safetensors',
      'manifest.json',
    ]);
    assert.ok(existsSync(join(out, 'export', 'generator-3', 'model.json')));
    const grid = await sharp(join(out, 'samples', 'step-000020.png')).metadata();
    assert.ok(grid.width > 16 * 28 && grid.height > 3 * 4 * 28, 'a band of 4 rows for each of 3 generators');
  });

  await t.test('the exported model gives the same images as the trained generator', async () => {
    const engine = await testEngine();
    const { training, sampleShape } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as RunRecord;
    const z = sampleLatents(99, 8, training.latent);
    await using server = await serveFolder(join(out, 'export'));
    for (const role of ['generator-1', 'generator-2', 'generator-3']) {
      const generator = new Generator(engine, training, sampleShape, role);
      const { arrays, metadata } = decodeSafetensors(readCheckpoint(out, STEPS, role));
      generator.state.load({ arrays, updates: Number(metadata['updates']) });
      const model = await engine.tf.loadLayersModel(`${server.url}/${role}/model.json`);
      const images = model.predict(engine.tf.tensor2d(z, [8, training.latent])) as { dataSync(): Float32Array };
      assertClose(images.dataSync(), generator.sample(z), 1e-5, `images of ${role}`);
    }
  });

  await t.test('coordinator sample draws one generator, the same picture for the same seed', async () => {
    const draw = async (name: string, seed: string) => {
      const file = join(scratch.path, name);
      const args = ['sample', '--run', out, '--generator', '2', '--count', '10', '--seed', seed, '--out', file];
      await using command = coordinator(args);
      const { code, stderr } = await command.ended;
      assert.equal(code, 0, stderr);
      return readFileSync(file);
    };
    const [one, same, other] = [await draw('a.png', '5'), await draw('b.png', '5'), await draw('c.png', '6')];
    assert.ok(one.equals(same));
    assert.ok(!one.equals(other));
  });

  await t.test('coordinator export writes where it is told', async () => {
    await using command = coordinator(['export', '--run', out, '--out', join(scratch.path, 'models')]);
    const { code, stderr } = await command.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(join(scratch.path, 'models')).sort(), ['generator-1', 'generator-2', 'generator-3']);
  });
});

test('points, an own folder of images and an npz file train too', async () => {
  await using scratch = scratchFolder();
  const folder = join(scratch.path, 'photos');
  for (let i = 0; i < 12; i += 1) {
    const colour = { r: i * 20, g: 100, b: 255 - i * 20 };
    const image = sharp({ create: { width: 40, height: 30, channels: 3, background: colour } });
    scratch.write(join('photos', `${i}.png`), await image.png().toBuffer());
  }
  const common = ['--steps', '3', '--batch', '4', '--width', '0.125'];
  for (const [name, args] of Object.entries({
    grid: ['--data', 'grid25', '--system', 'gan'],
    pictures: ['--data', folder, '--image-size', '32'],
  })) {
    const { code, stderr } = await startRun(join(scratch.path, name), ...common, ...args);
    assert.equal(code, 0, `${name}: ${stderr}`);
    assert.ok(existsSync(join(scratch.path, name, 'samples', 'step-000003.png')), name);
  }
  const { sampleShape } = JSON.parse(readFileSync(join(scratch.path, 'pictures', 'config.json'), 'utf8')) as RunRecord;
  assert.deepEqual(sampleShape, [32, 32, 3]);
});

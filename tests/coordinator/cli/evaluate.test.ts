import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { evaluateCheckpoint } from '../../../coordinator/evaluation/evaluator.js';
import { openRunData } from '../../../coordinator/evaluation/subject.js';
import type { RunRecord } from '../../../coordinator/run/config/record.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import { cacheFolder } from '../../../gan/engine/prepare/prepared.js';
import { type Evaluation, evaluationSchema } from '../../../gan/metrics/evaluation.js';
import { prepareFeatures } from '../../../gan/metrics/feature-store.js';
import { type Scratch, scratchFolder } from '../../support/machine/scratch.js';
import { testEngine } from '../../support/numbers/engine.js';
import { type Ended, coordinator, startRun } from '../../support/runs/run.js';

async function evaluate(run: string, ...args: string[]): Promise<Ended> {
  await using command = coordinator(['evaluate', '--run', run, ...args]);
  return await command.ended;
}

/** A short run. @returns its folder */
async function train(scratch: Scratch, name: string, ...args: string[]): Promise<string> {
  const out = join(scratch.path, name);
  const { code, stderr } = await startRun(out, '--batch', '16', ...args);
  assert.equal(code, 0, stderr);
  return out;
}

function read(path: string): Evaluation {
  return evaluationSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

function assertRefused({ code, stderr, stdout }: Ended, reason: RegExp): void {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^error: [^\n]*\n$/);
  assert.match(stderr, reason);
}

function editRecord(run: string, edit: (record: RunRecord) => void): string {
  const path = join(run, 'config.json');
  const before = readFileSync(path, 'utf8');
  const record = JSON.parse(before) as RunRecord;
  edit(record);
  writeFileSync(path, JSON.stringify(record));
  return before;
}

test('a run on ring8 is evaluated, checkpoint by checkpoint, with the same bits every time', async (t) => {
  await using scratch = scratchFolder();
  const run = await train(scratch, 'ring', '--data', 'ring8', '--steps', '20', '--checkpoint-every', '10');

  await t.test('the newest checkpoint: all groups, with the real floor, and a table that shows them', async () => {
    const { code, stdout, stderr } = await evaluate(run, '--samples', '400');
    assert.equal(code, 0, stderr);
    const found = read(join(run, 'evaluation', 'step-000020.json'));
    assert.deepEqual([found.step, found.samples, found.seed, found.data], [20, 400, 1, 'ring8']);
    assert.deepEqual(found.features, { name: 'coordinates' });
    assert.deepEqual(Object.keys(found.groups), ['real', 'mixture', 'generator-1', 'generator-2']);
    const { real = {}, mixture = {} } = found.groups;
    assert.equal(real.modes, 8);
    assert.ok((real.highQuality ?? 0) > 0.97 && (real.precision ?? 0) > 0.9 && Math.abs(real.kid ?? 1) < 0.05);
    // Twenty steps teach nobody the ring.
    assert.ok((mixture.highQuality ?? 1) < 0.3 && (mixture.kid ?? 0) > (real.kid ?? 1));
    assert.deepEqual(Object.keys(mixture).includes('fidMnistCnn'), false);
    assert.equal(found.overlap.length, 1);
    assert.deepEqual(found.overlap[0]?.generators, ['generator-1', 'generator-2']);
    assert.equal(found.discriminator.gap, found.discriminator.training - found.discriminator.heldOut);
    assert.match(stdout, /KID \(coordinates\) .*-?0\.\d{4}/);
    assert.match(stdout, /High quality +0\.9\d{3}/);
    assert.match(stderr, /step 20: real samples \(1 of 8\)/);
  });

  await t.test('twice the same seed gives the same file, another seed another', async () => {
    const file = (name: string) => join(scratch.path, name);
    for (const [name, seed] of [
      ['a', '1'],
      ['b', '1'],
      ['c', '2'],
    ] as const) {
      const { code, stderr } = await evaluate(run, '--samples', '100', '--seed', seed, '--out', file(name));
      assert.equal(code, 0, stderr);
    }
    assert.ok(readFileSync(file('a')).equals(readFileSync(file('b'))));
    assert.notDeepEqual(read(file('a')).groups, read(file('c')).groups);
  });

  await t.test('--step all evaluates every checkpoint, --step N that one', async () => {
    assert.equal((await evaluate(run, '--samples', '50', '--step', 'all')).code, 0);
    assert.deepEqual(readdirSync(join(run, 'evaluation')), ['step-000010.json', 'step-000020.json']);
    const [first, second] = ['step-000010.json', 'step-000020.json'].map((name) => read(join(run, 'evaluation', name)));
    assert.deepEqual(first?.groups['real'], second?.groups['real'], 'one floor');
    assert.notDeepEqual(first?.groups['mixture'], second?.groups['mixture']);
    const out = join(scratch.path, 'ten.json');
    assert.equal((await evaluate(run, '--samples', '50', '--step', '10', '--out', out)).code, 0);
    assert.deepEqual(read(out), first);
  });

  await t.test('what cannot be is refused in a sentence, with exit code 2', async () => {
    assertRefused(
      await evaluate(run, '--samples', '9'),
      /--samples 9 are too few: ring8 needs at least 10, for the probe/,
    );
    assertRefused(await evaluate(run, '--samples', '5001'), /10000 held-out samples .* at most 5000/);
    assertRefused(await evaluate(run, '--samples', 'many'), /--samples takes a whole number from 1 on, not 'many'/);
    assertRefused(await evaluate(run, '--seed', '-1'), /--seed takes a whole number/);
    assertRefused(await evaluate(run, '--step', '15'), /no checkpoint of step 15/);
    assertRefused(await evaluate(run, '--step', 'all', '--out', 'x.json'), /--step all writes 2 evaluations/);
    assertRefused(await evaluate(join(scratch.path, 'none')), /does not exist/);
    const before = editRecord(run, (record) => Object.assign(record.training, { data: 'photos/' }));
    assertRefused(await evaluate(run), /a run on photos\/ cannot be evaluated: .*mnist, stacked-mnist, ring8, grid25/);
    writeFileSync(join(run, 'config.json'), before);
  });
});

test('a run without checkpoints is refused; one of one generator and spectral norm is evaluated', async () => {
  await using scratch = scratchFolder();
  const run = await train(scratch, 'sngan', '--data', 'ring8', '--system', 'sngan', '--steps', '2');
  await using empty = scratchFolder();
  empty.write('config.json', readFileSync(join(run, 'config.json')));
  assertRefused(await evaluate(empty.path), /has no checkpoint yet/);
  assert.ok(!existsSync(join(empty.path, 'evaluation')));

  const { code, stderr } = await evaluate(run, '--samples', '100');
  assert.equal(code, 0, stderr);
  const { groups, overlap } = read(join(run, 'evaluation', 'step-000002.json'));
  assert.deepEqual(groups['mixture'], groups['generator-1'], 'the mixture of one generator is that generator');
  assert.deepEqual(overlap, []);
});

test('a run on MNIST is evaluated in features of the MNIST CNN, whose hash and accuracy stand beside', async () => {
  await using scratch = scratchFolder();
  const run = await train(scratch, 'mnist', '--steps', '2', '--width', '0.25');
  const { code, stdout, stderr } = await evaluate(run, '--samples', '200');
  assert.equal(code, 0, stderr);
  const { features, groups } = read(join(run, 'evaluation', 'step-000002.json'));
  assert.ok(features.name === 'mnist-cnn' && features.testAccuracy >= 0.985);
  assert.match(stdout, new RegExp(`mnist-cnn ${features.sha256.slice(0, 12)}, test accuracy 98\\.|99\\.`));
  assert.match(stdout, /FID \(MNIST CNN\)/);
  const { real = {}, mixture = {} } = groups;
  assert.equal(real.modes, 10);
  assert.ok((real.classEntropy ?? 0) > 2.2);
  assert.ok((mixture.fidMnistCnn ?? 0) > 5 * (real.fidMnistCnn ?? 1), 'noise is no digit');
  assert.ok((mixture.kid ?? 0) > 10 * (real.kid ?? 1));
  assert.ok((mixture.coverage ?? 1) < 0.2);
  assertRefused(await evaluate(run, '--samples', '64'), /mnist needs at least 65, for FID \(MNIST CNN\)/);

  editRecord(run, (record) => Object.assign(record.training, { imageSize: 32 }));
  assertRefused(await evaluate(run), /of 32 px cannot be evaluated: the feature network sees 28 px only/);
});

test('stacked MNIST: modes are counted over more samples than the rest, and other code can evaluate', async () => {
  await using scratch = scratchFolder();
  const run = await train(scratch, 'stacked', '--data', 'stacked-mnist', '--steps', '2', '--width', '0.25');
  const engine = await testEngine();
  using features = await prepareFeatures(engine, { cache: cacheFolder(process.env) });
  const directory = RunDirectory.open(run);
  const { dataset } = await openRunData(directory);
  const options = { samples: 200, seed: 1, modeSamples: 1000 };
  const done: string[] = [];
  const { groups, overlap } = evaluateCheckpoint(directory, 2, { engine, features, dataset }, options, (...report) =>
    done.push(report.join(' ')),
  );
  const { real = {}, mixture = {} } = groups;
  // A thousand even draws of 1,000 modes find 1000 (1 - 1/e) = 632 of them.
  assert.ok(Math.abs((real.modes ?? 0) - 632) < 45, String(real.modes));
  assert.ok((real.reverseKl ?? 1) < 0.6 && (mixture.reverseKl ?? 0) > (real.reverseKl ?? 1));
  assert.ok((mixture.modes ?? 0) < (real.modes ?? 0) / 2, 'noise looks like a few modes');
  assert.ok((mixture.fidMnistCnn ?? 0) > (real.fidMnistCnn ?? 1));
  assert.equal(overlap.length, 1);
  assert.deepEqual([done[0], done.at(-1)], ['0 8 real samples', '8 8 done']);
});

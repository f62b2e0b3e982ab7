/** Runs whose fakes and gradients travel as 16 bits. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HALF_TYPES } from '../../../common/tensors/half-precision.js';
import { decodeSafetensors } from '../../../common/tensors/safetensors.js';
import type { RunEvent, StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { trainingConfigSchema } from '../../../gan/config.js';
import type { GameStep } from '../../../gan/one-process.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { testEngine } from '../../support/numbers/engine.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun } from '../../support/runs/run.js';
import { playRun } from '../../support/runs/training.js';

const STEPS = 10;
const OPTIONS = { steps: STEPS, batch: 32, width: 0.25, seed: 7 };
/** Of a loss after at most ten steps, against float32's; 16 bits were off by at most 3e-5 here. */
const TOLERANCE = 2e-4;

const engine = await testEngine(1);

for (const exchangeDtype of HALF_TYPES) {
  test(`with ${exchangeDtype} three processes give bit for bit what one process gives that rounds alike`, async () => {
    await using scratch = scratchFolder();
    const out = join(scratch.path, 'run');
    const flags = Object.entries({ ...OPTIONS, threads: 1 }).flatMap(([key, value]) => [`--${key}`, String(value)]);
    const { code, stderr } = await startRun(out, ...flags, '--exchange-dtype', exchangeDtype);
    assert.equal(code, 0, stderr);
    const committed = readJournal<StepMetrics>(out, 'metrics.jsonl');
    const game = await playRun(engine, trainingConfigSchema.parse({ ...OPTIONS, exchangeDtype }), (step, played) => {
      const { discriminatorLoss, averageGeneratorLoss, verdicts } = committed[step - 1] as StepMetrics;
      assert.deepEqual(
        [discriminatorLoss, averageGeneratorLoss, Object.values(verdicts)],
        [played.discriminatorLoss, played.averageGeneratorLoss, played.counts],
        `step ${step}`,
      );
    });
    const states = [game.discriminator.state, ...game.generators.map(({ state }) => state)];
    for (const [i, role] of ROLES.entries()) {
      const { arrays } = decodeSafetensors(readCheckpoint(out, STEPS, role));
      const found = new Map(arrays.map(({ name, data }) => [name, data]));
      for (const { name, data } of states[i]?.save().arrays ?? [])
        assert.deepEqual(found.get(name), data, `${role} ${name}`);
    }

    const record = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as { training: object };
    assert.deepEqual(record.training, { ...record.training, exchangeDtype });
    const resumed = coordinator(['start', '--resume', out, '--exchange-dtype', 'float32']);
    const refused = await resumed.ended;
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--exchange-dtype cannot change when a run is resumed/);
  });
}

test('in ten steps the losses of 16 bits stay near those of float32, and are others', async () => {
  const losses = async (exchangeDtype: string) => {
    const steps: GameStep[] = [];
    const config = trainingConfigSchema.parse({ ...OPTIONS, exchangeDtype });
    await playRun(engine, config, (_step, played) => steps.push(played));
    return steps.flatMap((step) => [step.discriminatorLoss, ...step.generatorLosses, step.averageGeneratorLoss]);
  };
  const expected = await losses('float32');
  for (const dtype of HALF_TYPES) {
    const differences = (await losses(dtype)).map((loss, i) => Math.abs(loss - (expected[i] ?? Number.NaN)));
    const most = Math.max(...differences);
    assert.ok(most > 0 && most <= TOLERANCE, `${dtype}: off by up to ${most}`);
  }
});

test('what float16 cannot hold makes the step faulty, in words, where float32 goes on', async () => {
  await using scratch = scratchFolder();
  const wild = ['--data', 'ring8', '--batch', '16', '--latent', '4', '--width', '4', '--threads', '1', '--steps', '3'];
  const args = [...wild, '--loss', 'minimax', '--learning-rate', '1', '--evaluate-every', '0'];
  const { code, stderr } = await startRun(join(scratch.path, 'wide'), ...args);
  assert.equal(code, 0, stderr);
  const narrow = join(scratch.path, 'narrow');
  const failed = await startRun(narrow, ...args, '--exchange-dtype', 'float16', '--max-faulty-steps', '0');
  assert.equal(failed.code, 1, failed.stderr);
  const faulty = readJournal<RunEvent>(narrow, 'events.jsonl').find(({ event }) => event === 'step-faulty');
  assert.match(
    (faulty as { reason?: string } | undefined)?.reason ?? '',
    /^\d+ of 32 values of generator-[12]'s fakes are too large for --exchange-dtype float16: train with float32 or bfloat16$/,
  );
});

test('a type that is none is refused, with those there are', async () => {
  await using scratch = scratchFolder();
  const { code, stderr } = await startRun(join(scratch.path, 'run'), '--exchange-dtype', 'float8');
  assert.equal(code, 2);
  assert.match(stderr, /--exchange-dtype "float8" is not possible: choose one of float32, bfloat16, float16/);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSafetensors } from '../../../common/tensors/safetensors.js';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { trainingConfigSchema } from '../../../gan/config.js';
import { Batches } from '../../../gan/data/batches.js';
import { openDataset } from '../../../gan/data/open.js';
import { latents } from '../../../gan/latents.js';
import { newGame, playStep } from '../../../gan/one-process.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { testEngine } from '../../support/numbers/engine.js';
import { ROLES, addressOf, coordinator, readCheckpoint, readJournal, startRun } from '../../support/runs/run.js';
import { joinByHand } from '../../support/wire/control-peer.js';

const STEPS = 50;
const OPTIONS = { steps: STEPS, batch: 32, width: 0.25, seed: 7 };

const flags = (options: Record<string, number>) =>
  Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);

/** The arrays of a role after the last step, by name. */
function finalArrays(directory: string, role: string): Map<string, Buffer> {
  const { arrays } = decodeSafetensors(readCheckpoint(directory, STEPS, role));
  return new Map(arrays.map(({ name, data }) => [name, Buffer.from(data.buffer)]));
}

/** Workers that joined from anywhere do not share a processor: the discriminator, too, begins a step before the commit. */
async function runWithWorkersOfTheirOwn(out: string, options: readonly string[]): Promise<void> {
  await using run = coordinator(['start', '--placement', 'external', '--port', '0', '--out', out, ...options]);
  const address = await addressOf(out);
  using _first = joinByHand(address, join(out, 'token'));
  using _second = joinByHand(address, join(out, 'token'));
  using _third = joinByHand(address, join(out, 'token'));
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
}

test('three processes give bit for bit what one process gives, also when each computes ahead, and another seed gives other bits', async () => {
  await using scratch = scratchFolder();
  const [first, second, other] = ['first', 'second', 'other'].map((name) => join(scratch.path, name)) as [
    string,
    string,
    string,
  ];
  for (const [out, options] of [
    [first, OPTIONS],
    [other, { ...OPTIONS, seed: 8 }],
  ] as const) {
    const { code, stderr } = await startRun(out, ...flags({ ...options, threads: 1 }));
    assert.equal(code, 0, stderr);
  }
  await runWithWorkersOfTheirOwn(second, flags({ ...OPTIONS, threads: 1 }));

  const config = trainingConfigSchema.parse(OPTIONS);
  const data = await openDataset(config.data, { seed: config.seed });
  const batches = new Batches(config.seed, config.batch, data.count);
  const game = newGame(await testEngine(1), config, data.shape);
  const metrics = readJournal<StepMetrics>(first, 'metrics.jsonl');
  for (let step = 1; step <= STEPS; step += 1) {
    const played = playStep(
      game,
      data.gather(batches.indices(step - 1)),
      latents(config.seed, step, config.batch, config.latent),
    );
    const committed = metrics[step - 1] as StepMetrics;
    assert.equal(committed.averageGeneratorLoss, played.averageGeneratorLoss, `L_G of step ${step}`);
    assert.equal(committed.discriminatorLoss, played.discriminatorLoss, `L_D of step ${step}`);
    assert.deepEqual(Object.values(committed.verdicts), played.counts, `verdicts of step ${step}`);
  }

  const states = [game.discriminator.state, ...game.generators.map((generator) => generator.state)];
  for (const [i, role] of ROLES.entries()) {
    const [distributed, again, reseeded] = [first, second, other].map((out) => finalArrays(out, role)) as [
      Map<string, Buffer>,
      Map<string, Buffer>,
      Map<string, Buffer>,
    ];
    const expected = states[i]?.save().arrays ?? [];
    assert.deepEqual([...distributed.keys()].sort(), expected.map(({ name }) => name).sort());
    for (const { name, data: values } of expected) {
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      assert.ok(distributed.get(name)?.equals(bytes), `${role} ${name}: three processes against one`);
      assert.ok(again.get(name)?.equals(bytes), `${role} ${name}: with workers of their own`);
    }
    assert.ok(
      [...distributed].some(([name, bytes]) => !reseeded.get(name)?.equals(bytes)),
      `${role}: another seed gives other weights`,
    );
  }
});

test('live tensors are flat from the second step to the last', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { code, stderr } = await startRun(out, '--data', 'ring8', '--steps', '120', '--width', '0.25');
  assert.equal(code, 0, stderr);
  const metrics = readJournal<StepMetrics>(out, 'metrics.jsonl');
  assert.deepEqual(metrics.at(-1)?.tensors, metrics[1]?.tensors);
});

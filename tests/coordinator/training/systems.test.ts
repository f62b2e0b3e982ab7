import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSafetensors } from '../../../common/tensors/safetensors.js';
import { compileOptions } from '../../../coordinator/run/config/options.js';
import type { RunRecord } from '../../../coordinator/run/config/record.js';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { testEngine } from '../../support/numbers/engine.js';
import { coordinator, readCheckpoint, readJournal, startRun } from '../../support/runs/run.js';
import { playRun } from '../../support/runs/training.js';

function arraysOf(directory: string, step: number, role: string): Map<string, Buffer> {
  const { arrays } = decodeSafetensors(readCheckpoint(directory, step, role));
  return new Map(arrays.map(({ name, data }) => [name, Buffer.from(data.buffer)]));
}

function recordOf(directory: string): RunRecord {
  return JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as RunRecord;
}

/** Numbers in a checkpoint that the optimiser has moments of. */
function trainedNumbers(arrays: Map<string, Buffer>): number {
  return [...arrays].reduce((sum, [name, bytes]) => sum + (name.startsWith('adam/m/') ? bytes.length / 4 : 0), 0);
}

test('spectral norm, two discriminator updates and wide generators: three processes give the bits of one, and are drawn', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const flags = ['--spectral-norm', '--discriminator-steps', '2', '--generator-width', '2', '--width', '0.125'];
  const { code, stderr } = await startRun(out, ...flags, '--steps', '12', '--batch', '16', '--threads', '1');
  assert.equal(code, 0, stderr);

  const metrics = readJournal<StepMetrics>(out, 'metrics.jsonl');
  const { training, parameters } = recordOf(out);
  const game = await playRun(await testEngine(1), training, (step, played) => {
    const committed = metrics[step - 1] as StepMetrics;
    assert.equal(committed.averageGeneratorLoss, played.averageGeneratorLoss, `L_G of step ${step}`);
    assert.equal(committed.discriminatorLoss, played.discriminatorLoss, `L_D of step ${step}`);
    assert.deepEqual(Object.values(committed.verdicts), played.counts, `verdicts of step ${step}`);
  });
  const states = [game.discriminator.state, ...game.generators.map(({ state }) => state)];
  for (const [i, role] of ['discriminator', 'generator-1', 'generator-2'].entries()) {
    const found = arraysOf(out, 12, role);
    const expected = states[i]?.save().arrays ?? [];
    assert.deepEqual([...found.keys()].sort(), expected.map(({ name }) => name).sort());
    for (const { name, data } of expected) {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      assert.ok(found.get(name)?.equals(bytes), `${role} ${name}`);
    }
    const recorded = role === 'discriminator' ? parameters?.discriminator : parameters?.generator;
    assert.equal(recorded, trainedNumbers(found), `parameters of ${role} in config.json`);
  }

  const picture = join(scratch.path, 'drawn.png');
  await using sample = coordinator(['sample', '--run', out, '--count', '4', '--out', picture]);
  assert.equal((await sample.ended).code, 0, 'the wide generators are drawn from their checkpoint');
  assert.ok(readFileSync(picture).length > 0);
});

test('sngan with a setting records what it stands for, and a resumed run has the bits of one that never stopped', async () => {
  await using scratch = scratchFolder();
  const [whole, parts] = ['whole', 'parts'].map((name) => join(scratch.path, name)) as [string, string];
  const flags = ['--system', 'sngan', '--data', 'ring8', '--setting', 'A', '--beta2', '0.95', '--width', '0.25'];
  assert.equal((await startRun(whole, ...flags, '--steps', '8')).code, 0);
  assert.equal((await startRun(parts, ...flags, '--steps', '4')).code, 0);
  await using resumed = coordinator(['start', '--port', '0', '--resume', parts, '--steps', '8']);
  assert.equal((await resumed.ended).code, 0);

  const { training } = recordOf(parts);
  assert.deepEqual(
    training,
    compileOptions({ system: 'sngan', data: 'ring8', setting: 'A', beta2: 0.95, width: 0.25, steps: 8 }).training,
  );
  assert.deepEqual(
    [training.setting, training.learningRate, training.beta1, training.beta2, training.discriminatorSteps],
    ['A', 1e-4, 0.5, 0.95, 5],
  );
  for (const role of ['discriminator', 'generator-1']) {
    const [expected, found] = [arraysOf(whole, 8, role), arraysOf(parts, 8, role)];
    assert.equal(expected.has('weights/dense2/u'), role === 'discriminator');
    for (const [name, bytes] of expected) assert.ok(found.get(name)?.equals(bytes), `${role} ${name}`);
  }
  await using changed = coordinator(['start', '--resume', parts, '--steps', '9', '--setting', 'B']);
  const { code, stderr } = await changed.ended;
  assert.equal(code, 2);
  assert.match(stderr, /--setting cannot change when a run is resumed/);
});

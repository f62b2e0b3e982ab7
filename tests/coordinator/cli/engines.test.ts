import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunRecord } from '../../../coordinator/run/config/record.js';
import type { Quality } from '../../../coordinator/run/journal/quality.js';
import { bareMachine } from '../../support/machine/bare.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY } from '../../support/runs/faults.js';
import { type Ended, coordinator, readJournal, startRun } from '../../support/runs/run.js';

const STEPS = ['--steps', '4', '--evaluate-every', '0'];
const FEW = [...TINY, ...STEPS];

const recordOf = (out: string) => JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as RunRecord;

async function ended(args: readonly string[], where = {}): Promise<Ended> {
  await using command = coordinator(args, where);
  return await command.ended;
}

test('where a package index does not answer, a start falls back with what pip said, without pip trying for minutes', async () => {
  await using scratch = scratchFolder();
  const folder = join(scratch.path, 'machine');
  const machine = bareMachine(folder, process.execPath);
  const asked = join(scratch.path, 'asked');
  const programs = {
    python3: `#!/bin/sh
case "$*" in
  *"pip --version"*) exit 0 ;;
  *) echo "$PIP_RETRIES $PIP_DEFAULT_TIMEOUT" >>${asked}; echo "ERROR: No matching distribution found"; exit 1 ;;
esac
`,
    'g++': '#!/bin/sh\nexit 0\n',
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, 'bin', name), text);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  const start = async (out: string, ...args: string[]) => {
    await using run = machine.coordinator('start', '--port', '0', '--out', join(scratch.path, out), ...FEW, ...args);
    return await run.ended;
  };
  const { code, stdout, stderr } = await start('auto');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^engine {9}wasm: pip could not download tensorflow-cpu==.*: ERROR: No matching distribution/m);
  assert.equal(readFileSync(asked, 'utf8'), '0 8\n');
  assert.equal(recordOf(join(scratch.path, 'auto')).engine.name, 'wasm');

  const native = await start('native', '--engine', 'tensorflow');
  assert.equal(native.code, 1, 'who asks for the native engine gets it or an error');
  assert.match(native.stderr, /^error: pip could not download/m);
  assert.ok(!existsSync(join(scratch.path, 'native')));
  assert.equal(readFileSync(asked, 'utf8'), '0 8\n \n', "pip's own patience where there is nothing else");
  const card = await start('card', '--device', 'cuda');
  assert.equal(card.code, 2);
  assert.match(card.stderr, /--device cuda was asked for/);
});

test('a run keeps its engine: another one only with --accept-changes, which then is its engine', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const first = await startRun(out, ...FEW, '--engine', 'wasm');
  assert.equal(first.code, 0, first.stderr);
  assert.equal(recordOf(out).identity.engine, 'wasm 4.22.0-simd');

  const resume = ['start', '--resume', out, '--port', '0', '--steps', '8'];
  const refused = await ended([...resume, '--engine', 'tensorflow']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--engine tensorflow is not what this run was trained with \(wasm\).*--accept-changes/);

  const same = await ended([...resume, '--engine', 'auto']);
  assert.equal(same.code, 0, same.stderr);
  assert.equal(recordOf(out).engine.name, 'wasm', 'auto is what the run has, whatever could be prepared');

  const other = await ended([
    'start',
    '--resume',
    out,
    '--port',
    '0',
    '--steps',
    '12',
    '--engine',
    'tensorflow',
    '--accept-changes',
  ]);
  assert.equal(other.code, 0, other.stderr);
  const record = recordOf(out);
  assert.equal(record.engine.name, 'tensorflow');
  assert.match(record.identity.engine ?? '', /^tensorflow /);
});

test('a native run that is resumed where the native engine cannot be prepared says how to go on and does not fall back; it is drawn and exported there all the same', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const first = await startRun(out, ...FEW);
  assert.equal(first.code, 0, first.stderr);
  const machine = bareMachine(join(scratch.path, 'machine'), process.execPath);
  await using second = machine.coordinator('start', '--resume', out, '--port', '0', '--steps', '8');
  const { code, stderr } = await second.ended;
  assert.equal(code, 1);
  assert.match(stderr, /computed by the native engine\. .*no python3 on PATH.*--engine wasm --accept-changes/);
  assert.equal(recordOf(out).engine.name, 'tensorflow');

  const exported = join(scratch.path, 'exported');
  const draw = ['sample', '--run', out, '--count', '4', '--out', join(scratch.path, 'drawn.png')];
  for (const args of [['export', '--run', out, '--out', exported], draw]) {
    await using command = machine.coordinator(...args);
    const done = await command.ended;
    assert.equal(done.code, 0, done.stderr);
  }
  for (const file of ['model.json', 'weights.bin']) {
    const [here, there] = [join(out, 'export'), exported].map((folder) =>
      readFileSync(join(folder, 'generator-2', file)),
    );
    assert.deepEqual(there, here, `${file}: what wasm exports is what the native engine exports`);
  }
});

for (const [what, args, sentence] of [
  ['a card', ['--device', 'cuda'], /the wasm engine computes on the CPU, not on a card/],
  ['threads', ['--threads', '2'], /--threads 2 is for the native engine, the wasm engine computes with one thread/],
] as const) {
  test(`${what} of the wasm engine is refused and leaves nothing`, async () => {
    await using scratch = scratchFolder();
    const out = join(scratch.path, 'run');
    const { code, stderr } = await ended(['start', '--port', '0', '--out', out, ...STEPS, '--engine', 'wasm', ...args]);
    assert.equal(code, 2);
    assert.match(stderr, sentence);
    assert.ok(!existsSync(out));
  });
}

test('on wasm a new run is a small one, unless a preset or the values themselves are given', async () => {
  await using scratch = scratchFolder();
  const trained = async (name: string, ...args: string[]) => {
    const out = join(scratch.path, name);
    const { code, stderr, stdout } = await startRun(
      out,
      '--data',
      'ring8',
      '--steps',
      '1',
      '--engine',
      'wasm',
      ...args,
    );
    assert.equal(code, 0, stderr);
    const { training, settings } = recordOf(out);
    return { stdout, got: [training.preset, training.width, training.batch, settings['evaluateEvery']] };
  };
  const small = await trained('small');
  assert.deepEqual(small.got, ['small', 0.5, 32, 0]);
  assert.match(small.stdout, /^preset {9}small: --batch 32 --width 0\.5 --evaluate-every 0 .*--preset full/m);
  const full = await trained('full', '--preset', 'full');
  assert.deepEqual(full.got, ['full', 1, 64, 500]);
  assert.doesNotMatch(full.stdout, /^preset/m);
  assert.deepEqual((await trained('own', '--batch', '16')).got, ['small', 0.5, 16, 0]);
});

test('a wasm run evaluates itself with wasm, and is evaluated where there is nothing else', async () => {
  await using scratch = scratchFolder();
  const machine = bareMachine(join(scratch.path, 'machine'), process.execPath);
  const out = join(scratch.path, 'run');
  await using run = machine.coordinator(
    ...['start', '--port', '0', '--out', out, ...TINY, '--steps', '40', '--evaluate-every', '20'],
  );
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  const quality = readJournal<Quality>(out, 'quality.jsonl');
  assert.deepEqual(
    quality.map(({ step }) => step),
    [20, 40],
  );
  assert.ok(quality.every(({ kid }) => Number.isFinite(kid)));
  await using command = machine.coordinator('evaluate', '--run', out, '--samples', '200');
  const evaluated = await command.ended;
  assert.equal(evaluated.code, 0, evaluated.stderr);
  assert.match(evaluated.stderr, /^engine {9}wasm: .*no python3 on PATH/m);
  assert.match(evaluated.stdout, /^written to /m);
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { RunRecord } from '../../coordinator/run/config/record.js';
import type { StepMetrics } from '../../coordinator/run/journal/journal.js';
import { bareMachine } from '../support/machine/bare.js';
import { NODE_VERSIONS, nodeOf } from '../support/machine/node-versions.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { eventsNamed, pidOf } from '../support/runs/faults.js';
import { ROLES, readCheckpoint, readJournal, until } from '../support/runs/run.js';

const STEPS = 24;
/** The README's first command, made short. */
const MAIN_JOB = ['start', '--workers', '3', '--steps', String(STEPS), '--checkpoint-every', '8', '--port', '0'];

/** Of a run that nothing happened to, by the oldest Node. */
let undisturbed: Buffer[];

const finalStates = (out: string) => ROLES.map((role) => readCheckpoint(out, STEPS, role));
const stepOf = (out: string) => readJournal<StepMetrics>(out, 'metrics.jsonl').at(-1)?.step ?? 0;

before(async () => {
  await using scratch = scratchFolder();
  const machine = bareMachine(join(scratch.path, 'machine'), await nodeOf(NODE_VERSIONS[0]));
  const out = join(scratch.path, 'run');
  await using run = machine.coordinator(...MAIN_JOB, '--out', out);
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  undisturbed = finalStates(out);
});

for (const version of NODE_VERSIONS) {
  test(`with nothing but Node ${version} the main job trains on wasm and says why; a killed worker and a killed coordinator change no bit`, async () => {
    await using scratch = scratchFolder();
    const machine = bareMachine(join(scratch.path, 'machine'), await nodeOf(version));
    const out = join(scratch.path, 'run');
    await using first = machine.coordinator(...MAIN_JOB, '--out', out);
    await until('step 3', () => stepOf(out) >= 3);
    process.kill(pidOf(out, 'generator-1'), 'SIGKILL');
    await until('the step after the lost worker and a checkpoint', () => stepOf(out) >= 10);
    first.child.kill('SIGKILL');
    const { stdout } = await first.ended;
    assert.match(
      stdout,
      /^engine {9}wasm: .*no python3 on PATH: .*g\+\+.*, then npx coordinator engine\. .*takes \d+\.\d\d s of one core here/m,
    );
    assert.match(stdout, /^preset {9}small: --batch 32 --width 0\.5 .*--preset full/m);
    assert.equal(eventsNamed(out, 'worker-lost').length, 1);

    await using second = machine.coordinator('start', '--resume', out, '--port', '0');
    const { code, stdout: resumed, stderr } = await second.ended;
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(resumed, /^(engine|preset) /m, 'nothing to explain: the run goes on with what it has');
    assert.deepEqual(finalStates(out), undisturbed);

    const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as RunRecord;
    assert.deepEqual(config.engine, { name: 'wasm', device: 'cpu' });
    assert.equal(config.identity.engine, 'wasm 4.22.0-simd');
    assert.deepEqual(config.threads, { discriminator: 1, 'generator-1': 1, 'generator-2': 1 });
    for (const role of ROLES.slice(1)) assert.ok(existsSync(join(out, 'export', role, 'model.json')), role);
    assert.deepEqual(
      readdirSync(join(machine.env['HOME'] ?? '', '.cache', 'duet', 'engine')),
      [],
      'nothing half-prepared',
    );
  });
}

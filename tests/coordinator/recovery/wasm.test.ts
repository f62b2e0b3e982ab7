import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../support/machine/scratch.js';
import { eventsNamed, inject } from '../../support/runs/faults.js';
import { ROLES, coordinator, readCheckpoint, startRun } from '../../support/runs/run.js';

const STEPS = 20;
const OPTIONS = ['--engine', 'wasm', '--width', '0.125', '--batch', '8', '--steps', String(STEPS), '--allow-chaos'];

test('on wasm a NaN in any network is a faulty step, which is replayed and changes no bit', async () => {
  await using scratch = scratchFolder();
  const states = (out: string) => ROLES.map((role) => readCheckpoint(out, STEPS, role));
  const undisturbed = join(scratch.path, 'undisturbed');
  const { code, stderr } = await startRun(undisturbed, ...OPTIONS);
  assert.equal(code, 0, stderr);
  for (const role of ROLES) {
    const out = join(scratch.path, role);
    await using run = coordinator(['start', '--port', '0', '--out', out, ...OPTIONS]);
    await inject(out, { kind: 'nan', role, atStep: 10 });
    const ended = await run.ended;
    assert.equal(ended.code, 0, ended.stderr);
    const [calledOff] = eventsNamed(out, 'step-called-off');
    assert.equal(calledOff?.cause, 'faulty-step', role);
    assert.equal(calledOff.step, 10);
    assert.deepEqual(states(out), states(undisturbed), role);
  }
});

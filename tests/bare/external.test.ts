import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bareMachine } from '../support/machine/bare.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { TINY, eventsNamed } from '../support/runs/faults.js';
import { type RunningCommand, addressOf, coordinator } from '../support/runs/run.js';

const FEW = [...TINY, '--steps', '4', '--evaluate-every', '0', '--port', '0', '--placement', 'external'];

/** @returns a worker that joins the run from a machine that has Node and nothing else */
async function joinFrom(folder: string, out: string): Promise<RunningCommand> {
  const machine = bareMachine(folder, process.execPath);
  return machine.worker('join', '--coordinator', await addressOf(out), '--token-file', join(out, 'token'));
}

test('workers of bare machines join a run of the wasm engine, whatever the coordinator could prepare', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--out', out, ...FEW, '--engine', 'wasm']);
  await using _first = await joinFrom(join(scratch.path, '1'), out);
  await using _second = await joinFrom(join(scratch.path, '2'), out);
  await using _third = await joinFrom(join(scratch.path, '3'), out);
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  const engines = eventsNamed(out, 'role-ready').map(({ engine }) => engine);
  assert.deepEqual(engines, ['wasm 4.22.0-simd', 'wasm 4.22.0-simd', 'wasm 4.22.0-simd']);
});

test('a worker of a bare machine does not fall back in a native run: it says what it lacks, and what the run could be', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using _run = coordinator(['start', '--out', out, ...FEW]);
  await using worker = await joinFrom(join(scratch.path, '1'), out);
  const { code, stderr } = await worker.ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /no python3 on PATH.*g\+\+; or start the run with --engine wasm, and its workers need nothing but Node/,
  );
});

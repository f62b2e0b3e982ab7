import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingRun } from '../../bench/duet.js';
import { runLines, runToEnd } from '../../bench/processes.js';

const DEADLINE_MS = 60_000;

function script(code: string, timeoutMs = DEADLINE_MS) {
  return runToEnd(process.execPath, ['-e', code], timeoutMs);
}

test('a process that does what it was to do leaves its lines', async () => {
  const ended = await script('console.log("one"); console.log("two")');
  assert.deepEqual(ended, { lines: ['one', 'two', ''], failure: undefined });
  assert.deepEqual(await runLines(process.execPath, ['-e', 'console.log(1)'], DEADLINE_MS), ['1', '']);
});

test('one that fails leaves its reason: its error, else its last words, its exit code or its signal', async () => {
  const failures = [
    ['console.error("error: no card\\nsee the manual"); process.exit(2)', 2, 'no card'],
    ['console.error("loading\\nRuntimeError: out of memory\\n"); process.exit(1)', 1, 'RuntimeError: out of memory'],
    ['process.exit(3)', 3, 'exit code 3'],
    ['process.kill(process.pid, "SIGKILL")', undefined, 'signal SIGKILL'],
  ] as const;
  for (const [code, exit, reason] of failures) {
    assert.deepEqual((await script(code)).failure, { code: exit, reason });
    assert.deepEqual(await runLines(process.execPath, ['-e', code], DEADLINE_MS), []);
  }
});

test('one that does not end in time is ended, with what it has started, and says so', async () => {
  // Its child holds the pipe open: were it left, this would wait for it for ever.
  const forever = 'setInterval(() => {}, 1000)';
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forever)}], { stdio: 'inherit' }); ${forever}`;
  assert.deepEqual((await script(parent, 500)).failure, { code: undefined, reason: 'not done after 0.5 s' });
});

test('a run that fails leaves its reason, and the command to try', async () => {
  await assert.rejects(
    trainingRun({ steps: 1, warmUp: 0, flags: ['--batch', '1'] }),
    /^DuetError: the run failed \(--batch 1 is not possible: [^\n]+\): try npx coordinator start --batch 1$/,
  );
});

test('a run that gets to its end leaves the steps after the warm-up', async () => {
  const flags = ['--data', 'ring8', '--workers', '2', '--batch', '8', '--device', 'cpu', '--evaluate-every', '0'];
  const steps = await trainingRun({ steps: 3, warmUp: 2, flags });
  assert.deepEqual(
    steps.map(({ step }) => step),
    [3, 4, 5],
  );
});

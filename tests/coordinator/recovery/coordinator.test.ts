import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { freePort } from '../../support/hosts/free-port.js';
import { isAlive } from '../../support/machine/alive.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY, eventsNamed, inject, pidOf } from '../../support/runs/faults.js';
import { ROLES, addressOf, coordinator, readCheckpoint, readJournal, startRun, until } from '../../support/runs/run.js';
import { joinByHand } from '../../support/wire/control-peer.js';

const STEPS = 160;
const OPTIONS = [
  ...TINY,
  '--steps',
  String(STEPS),
  '--checkpoint-every',
  '40',
  '--evaluate-every',
  '0',
  '--allow-chaos',
];
const states = (out: string) => ROLES.map((role) => readCheckpoint(out, STEPS, role).toString('base64'));
const stepsOf = (out: string) => readJournal<StepMetrics>(out, 'metrics.jsonl').map(({ step }) => step);
const ALL = Array.from({ length: STEPS }, (_, i) => i + 1);

test('a coordinator that was killed and is started again ends with the same bits', async (t) => {
  await using scratch = scratchFolder();
  const undisturbed = join(scratch.path, 'undisturbed');
  assert.equal((await startRun(undisturbed, ...OPTIONS)).code, 0);

  for (const [what, atStep] of [
    ['before its first checkpoint', 25],
    ['between two checkpoints', 100],
  ] as const) {
    await t.test(`with workers of its own, ${what}`, async () => {
      const out = join(scratch.path, `local-${atStep}`);
      {
        await using run = coordinator(['start', '--port', '0', '--out', out, ...OPTIONS]);
        await inject(out, { kind: 'coordinator-kill', atStep });
        await run.ended;
        assert.equal(run.child.signalCode, 'SIGKILL');
      }
      await using again = coordinator(['start', '--resume', out, '--port', '0']);
      const { code, stderr } = await again.ended;
      assert.equal(code, 0, stderr);
      assert.deepEqual(states(out), states(undisturbed));
      assert.deepEqual(stepsOf(out), ALL);
    });
  }

  await t.test(
    'told to stop, one of a run that is declared for good (--continue) leaves its workers to the next',
    async () => {
      const [out, token] = [join(scratch.path, 'declared'), join(scratch.path, 'token')];
      writeFileSync(token, 'a token of more than thirty-two characters'.replaceAll(' ', '-'));
      const port = String(await freePort());
      const args = [
        'start',
        '--continue',
        '--placement',
        'external',
        '--port',
        port,
        '--token-file',
        token,
        '--out',
        out,
      ];
      await using run = coordinator([...args, ...OPTIONS]);
      const address = await addressOf(out);
      using first = joinByHand(address, token);
      using second = joinByHand(address, token);
      using third = joinByHand(address, token);
      await until('a step', () => stepsOf(out).length > 50);
      const before = ROLES.map((role) => pidOf(out, role));
      run.child.kill('SIGTERM');
      assert.equal((await run.ended).code, 130);
      await using again = coordinator([...args, ...OPTIONS]);
      const { code, stderr } = await again.ended;
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        ROLES.map((role) => pidOf(out, role)),
        before,
      );
      assert.deepEqual(states(out), states(undisturbed));
      assert.deepEqual(stepsOf(out), ALL);
      await until('their end', () => ![first, second, third].some(({ child }) => isAlive(child.pid ?? 0)));
    },
  );

  await t.test('with workers that outlive it: each keeps its process and its role', async () => {
    const out = join(scratch.path, 'external');
    const port = String(await freePort());
    const args = ['start', '--placement', 'external', '--port', port, '--out', out, ...OPTIONS];
    await using run = coordinator(args);
    const address = await addressOf(out);
    using first = joinByHand(address, join(out, 'token'));
    using second = joinByHand(address, join(out, 'token'));
    using third = joinByHand(address, join(out, 'token'));
    await inject(out, { kind: 'coordinator-kill', atStep: 100 });
    await run.ended;
    const before = ROLES.map((role) => pidOf(out, role));
    const epochs = eventsNamed(out, 'role-assigned').map(({ epoch }) => epoch);
    await using again = coordinator(['start', '--resume', out, '--port', port]);
    const { code, stderr } = await again.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      ROLES.map((role) => pidOf(out, role)),
      before,
    );
    const later = eventsNamed(out, 'role-assigned').slice(epochs.length);
    assert.equal(later.length, ROLES.length);
    assert.ok(
      later.every(({ epoch }) => epoch > Math.max(...epochs)),
      'a coordinator continues the epochs of the one before',
    );
    assert.deepEqual(states(out), states(undisturbed));
    assert.deepEqual(stepsOf(out), ALL);
    const pids = [first, second, third].map(({ child }) => child.pid ?? 0);
    await until('every worker to be gone', () => pids.every((pid) => !isAlive(pid)));
  });
});

test('the same fault three times at one step ends the run with a report and its last checkpoint', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  // Without a checkpoint the replay begins at step 0, and takes far longer than the next fault takes to arrive.
  await using run = coordinator(['start', '--port', '0', '--out', out, ...OPTIONS, '--checkpoint-every', '1000']);
  for (let times = 1; times <= 3; times += 1) {
    // Before it was gone back the step has begun already.
    await until('all at step 0', () => eventsNamed(out, 'role-ready').length >= times * ROLES.length);
    await inject(out, { kind: 'nan', role: 'generator-1', atStep: 100 });
  }
  const { code, stderr } = await run.ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error: the step is faulty, .*the same fault 3 times at step \d+ .*replaying would only repeat it/,
  );
  const faulty = eventsNamed(out, 'step-faulty');
  assert.equal(new Set(faulty.map(({ step, role }) => `${step} ${role}`)).size, 1);
  assert.equal(faulty.length, 3);
  assert.equal(eventsNamed(out, 'run-failed').length, 1);
});

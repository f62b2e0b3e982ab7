import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listCheckpoints } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { RunStatus } from '../../../coordinator/run/status.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun, until } from '../../support/runs/run.js';
import { joinByHand } from '../../support/wire/control-peer.js';

const OPTIONS = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--evaluate-every', '0'];

test('a run that was stopped on one machine and goes on with workers that join from anywhere ends with the same bits', async () => {
  await using scratch = scratchFolder();
  const [stopped, whole] = [join(scratch.path, 'stopped'), join(scratch.path, 'whole')];
  await using run = coordinator(['start', '--port', '0', '--out', stopped, '--steps', '100000', ...OPTIONS]);
  await until('20 committed steps', () => readJournal(stopped, 'metrics.jsonl').length >= 20);
  run.child.kill('SIGINT');
  const { code, stderr } = await run.ended;
  assert.equal(code, 130, stderr);
  const half = listCheckpoints(RunDirectory.open(stopped)).at(-1) ?? 0;
  assert.ok(half >= 20);

  // As if it had been killed in mid-write, too.
  const leftover = join(stopped, 'checkpoints', '.step-000001.7.tmp');
  writeFileSync(leftover, 'half');
  const steps = String(half + 30);
  const args = ['start', '--resume', stopped, '--placement', 'external', '--port', '0', '--steps', steps];
  await using resumed = coordinator(args);
  const address = await until('the address of the resumed run', () => {
    const status = JSON.parse(readFileSync(join(stopped, 'run.json'), 'utf8')) as RunStatus;
    return status.pid === resumed.child.pid && status.address;
  });
  assert.ok(!existsSync(leftover));
  using _first = joinByHand(address, join(stopped, 'token'));
  using _second = joinByHand(address, join(stopped, 'token'));
  using _third = joinByHand(address, join(stopped, 'token'));
  const again = await resumed.ended;
  assert.equal(again.code, 0, again.stderr);

  const undisturbed = await startRun(whole, '--steps', steps, ...OPTIONS);
  assert.equal(undisturbed.code, 0, undisturbed.stderr);
  for (const role of ROLES) {
    assert.ok(readCheckpoint(stopped, half + 30, role).equals(readCheckpoint(whole, half + 30, role)), role);
  }
});

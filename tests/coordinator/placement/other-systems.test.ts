/** A run where nothing is as in Linux: no /proc, and no kernel that ends processes with their parent (macOS, Windows). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import { childrenOf, processesOf, runs } from '../../support/machine/processes.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY } from '../../support/runs/faults.js';
import { coordinator, readJournal, until } from '../../support/runs/run.js';

const NO_PROC = new URL('../../support/machine/no-proc.js', import.meta.url).href;
/** PATH is empty: there is no setpriv. */
const ENV = { ...process.env, NODE_OPTIONS: `--import ${NO_PROC}`, PATH: '' };
const DIE_WITH_PARENT = new URL('../../../coordinator/placement/die-with-parent.js', import.meta.url).href;
const inOther = (args: readonly string[]) => coordinator(args, { env: ENV });

test('a second coordinator is refused, a killed one leaves no process, and its run goes on', async () => {
  const ask = `process.stdout.write(String((await import('${DIE_WITH_PARENT}')).canDieWithParent()))`;
  const can = spawnSync(process.execPath, ['--input-type=module', '--eval', ask], { env: ENV, encoding: 'utf8' });
  assert.equal(can.stdout, 'false', can.stderr);
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const seen = (kind: RunEvent['event']) =>
    readJournal<RunEvent>(out, 'events.jsonl').some(({ event }) => event === kind);
  const resume = ['start', '--resume', out, '--port', '0', '--steps', '100000'];
  await using run = inOther([
    ...['start', '--port', '0', '--out', out, '--steps', '100000'],
    ...['--evaluate-every', '20', '--checkpoint-every', '20', ...TINY],
  ]);
  await until('the evaluator at work', () => seen('quality-measured'));
  const children = childrenOf(run.child.pid ?? 0);
  assert.equal(children.length, 4, 'three workers and the evaluator');

  await using second = inOther(resume);
  const refused = await second.ended;
  assert.equal(refused.code, 2, refused.stderr);
  assert.match(refused.stderr, /looking whether the coordinator .* still drives this run/);
  assert.match(refused.stderr, /is at work on .*--take-over/);
  await using asked = inOther(['status', '--run', out, '--json']);
  assert.equal((JSON.parse((await asked.ended).stdout) as { live: boolean }).live, true);

  run.child.kill('SIGKILL');
  await run.ended;
  await until('all to be gone', () => !children.some(({ pid }) => runs(pid)));
  assert.deepEqual(processesOf(out), []);
  await using again = inOther(['status', '--run', out, '--json']);
  const view = JSON.parse((await again.ended).stdout) as { live: boolean; state: string };
  assert.deepEqual([view.live, view.state], [false, 'failed']);

  await using resumed = inOther(resume);
  await until('it to go on', () => seen('run-resumed'));
  const steps = readJournal(out, 'metrics.jsonl').length;
  await until('more steps', () => readJournal(out, 'metrics.jsonl').length > steps + 5);
  resumed.child.kill('SIGTERM');
  const { code, stderr } = await resumed.ended;
  assert.equal(code, 130, stderr);
  assert.doesNotMatch(stderr, /looking whether/, 'of an ended process nobody needs to wait for');
});

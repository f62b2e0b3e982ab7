import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyCheckpoint } from '../../../coordinator/run/checkpoints/checkpoints.js';
import { RunDirectory } from '../../../coordinator/run/directory.js';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { eventsOf, faultOf, inject } from '../../support/runs/faults.js';
import { ROLES, coordinator, readJournal } from '../../support/runs/run.js';

const OPTIONS = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--port', '0', '--evaluate-every', '0'];

function start(out: string, ...args: string[]) {
  return coordinator(['start', '--out', out, '--allow-chaos', ...OPTIONS, ...args]);
}

test('delay, slow, stop and partition last as long as they were asked to, at the step they were asked for', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, '--steps', '350');
  const [HELD, LASTS, AHEAD] = [150, 900, 30];
  const faults = [
    faultOf('delay', { role: 'generator-1', peer: 'discriminator', delayMs: HELD, milliseconds: LASTS, atStep: 100 }),
    faultOf('delay', { role: 'generator-2', peer: 'coordinator', delayMs: HELD, milliseconds: LASTS, atStep: 150 }),
    faultOf('slow', { role: 'generator-2', delayMs: HELD, milliseconds: LASTS, atStep: 200 }),
    faultOf('stop', { role: 'generator-1', milliseconds: LASTS, atStep: 250 }),
    faultOf('partition', { role: 'discriminator', peer: 'generator-1', milliseconds: LASTS, atStep: 300 }),
    faultOf('partition', { role: 'discriminator', peer: 'coordinator', milliseconds: LASTS, atStep: 320 }),
  ];
  const injected = await Promise.all(faults.map((each) => inject(out, each)));
  assert.deepEqual(
    injected.map(({ step }) => step),
    faults.map(({ atStep }) => atStep),
  );
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  const steps = readJournal<StepMetrics>(out, 'metrics.jsonl');
  const at = (step: number) => steps[step - 1] as StepMetrics;
  // A step's milliseconds are from the commit before, which a fault at this step follows. Between generator and discriminator it
  // may come too late for this step: a generator begins ahead of the commit, and on a busy machine its gradients may have left, too.
  const begun = (step: number, least: number) => (at(step).ms >= least ? step : step + 1);
  const delayed = begun(100, HELD);
  assert.ok(at(delayed).ms >= HELD, `the gradients were held, ${at(delayed).ms} ms`);
  const { ms } = at(delayed + 1);
  assert.ok(ms >= 2 * HELD - AHEAD, `fakes, but for less than ${AHEAD} ms, and gradients were held, ${ms} ms`);
  // The Begin of step 150 came with the fault.
  assert.ok(at(150).ms >= HELD, `the vote was held, ${at(150).ms} ms`);
  assert.ok(at(151).ms >= 2 * HELD, `begin and vote were held, ${at(151).ms} ms`);
  const { backward = 0 } = at(200).phases['generator-2'] ?? {};
  const { forward = 0 } = at(201).phases['generator-2'] ?? {};
  assert.ok(backward >= HELD - 1 && forward >= HELD - 1, `each phase was slow: ${backward}, ${forward} ms`);
  for (const step of [250, begun(300, LASTS), 320])
    assert.ok(at(step).ms >= LASTS, `nothing moved for ${at(step).ms} ms at ${step}`);
  assert.equal(eventsOf(out).filter(({ event }) => event === 'fault-injected').length, faults.length);
});

test('a worker is killed and a NaN is made at exactly the step that was asked for, and the run goes on to its end', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, '--steps', '300', '--checkpoint-every', '50');
  const [killed, ...spoilt] = await Promise.all([
    inject(out, faultOf('kill', { role: 'generator-1', atStep: 120 })),
    inject(out, faultOf('nan', { role: 'generator-2', atStep: 180 })),
    inject(out, faultOf('nan', { role: 'discriminator', atStep: 240 })),
  ]);
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  const events = eventsOf(out);
  const lost = events.find((event) => event.event === 'worker-lost');
  assert.ok(lost?.event === 'worker-lost');
  assert.deepEqual([lost.worker, lost.role], [killed.worker, 'generator-1']);
  assert.match(lost.reason, /SIGKILL/);
  const before = events.slice(0, events.indexOf(lost));
  assert.ok(before.some((event) => event.event === 'fault-injected' && event.step === 120));
  const faulty = events.flatMap((event) => (event.event === 'step-faulty' ? [event] : []));
  assert.deepEqual(
    faulty.map(({ step, role }) => [step, role]),
    [
      [180, 'generator-2'],
      [240, 'discriminator'],
    ],
  );
  assert.equal(spoilt.length, 2);
  assert.deepEqual(
    readJournal<StepMetrics>(out, 'metrics.jsonl').map(({ step }) => step),
    Array.from({ length: 300 }, (_, i) => i + 1),
  );
});

test('a checkpoint is damaged while the run trains, and the coordinator kills itself at its step', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, '--steps', '100000', '--checkpoint-every', '50', '--keep-checkpoints', '1000');
  const killed = inject(out, faultOf('coordinator-kill', { atStep: 400 }));
  const damaged = await inject(out, faultOf('corrupt-checkpoint', { atStep: 200 }));
  assert.match(damaged.worker, /^checkpoints\/step-\d+\/[\w.-]+$/);
  const step = Number(/step-(\d+)/.exec(damaged.worker)?.[1]);
  assert.throws(() => verifyCheckpoint(RunDirectory.open(out), step, ROLES), /damaged/);
  assert.equal((await killed).step, 400);
  await run.ended;
  assert.equal(run.child.signalCode, 'SIGKILL');
  assert.ok(readJournal<StepMetrics>(out, 'metrics.jsonl').every((metrics) => metrics.step < 400));
  const last = eventsOf(out).at(-1);
  assert.ok(last?.event === 'fault-injected' && last.fault === 'coordinator-kill', JSON.stringify(last));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromeTrace } from '../../bench/profile/chrome-trace.js';
import { moved, phaseCosts } from '../../bench/profile/costs.js';
import { type Link, criticalPath } from '../../bench/profile/critical-path.js';
import { measureProfile } from '../../bench/profile/main.js';
import { type ProfiledRun, type Step, profiledRun } from '../../bench/profile/profiled-run.js';
import { timeline } from '../../bench/profile/timeline.js';
import { UsageError } from '../../common/errors.js';
import { PIDS, handMade } from '../support/runs/profile-records.js';

function stepOf(run: ProfiledRun): Step {
  const [step] = run.steps;
  assert.ok(step);
  return step;
}

test('a step goes from one commit to the next, and one of which something is missing does not count', () => {
  assert.deepEqual(profiledRun(handMade()).steps, [{ step: 2, from: 100, to: 200 }]);
  const cut = handMade().map((thread) =>
    thread.pid === PIDS.generator && thread.thread === 1 ? { ...thread, records: thread.records.slice(0, -2) } : thread,
  );
  assert.deepEqual(profiledRun(cut).steps, []);
});

test('between two steps a worker votes, waits for the commit, and commits', () => {
  const { workers } = profiledRun(handMade());
  const names = workers.map(({ role, phases }) => [role, ...phases.map(({ name, from, to }) => [name, from, to])]);
  assert.deepEqual(names[1], [
    'generator-1',
    ['vote', 95, 96],
    ['wait-commit', 96, 105],
    ['commit', 105, 106],
    ['forward', 106, 136],
    ['wait-gradients', 136, 173],
    ['backward', 173, 190],
    ['vote', 190, 191],
    ['wait-commit', 191, 206],
    ['commit', 206, 207],
  ]);
});

test('a message is followed from thread to thread and from process to process', () => {
  const { crossings } = profiledRun(handMade());
  assert.deepEqual(
    crossings.find(({ kind }) => kind === 'fakes'),
    {
      kind: 'fakes',
      from: 'generator-1',
      to: 'discriminator',
      step: 2,
      sent: 136,
      left: 137,
      arrived: 141,
      taken: 142,
      wire: { sent: { from: 137.5, to: 139.5 }, received: { from: 139, to: 140 } },
    },
  );
});

test('the critical path goes through the role that the others waited for, and is as long as the step', () => {
  const run = profiledRun(handMade());
  const links = criticalPath(run, stepOf(run));
  assert.deepEqual(links.map(shown), [
    ['commit to generator-1', 100, 105],
    ['generator-1 commit', 105, 106, 0],
    ['generator-1 forward', 106, 136, 25],
    ['fakes to discriminator', 136, 142],
    ['discriminator wait-activations', 142, 143, 0],
    ['discriminator update', 143, 160, 11],
    ['discriminator judge', 160, 166, 1],
    ['judgement to generator-1', 166, 172],
    ['generator-1 wait-gradients', 172, 173, 0],
    ['generator-1 backward', 173, 190, 10],
    ['generator-1 vote', 190, 191, 0],
    ['vote to coordinator', 191, 195],
    ['decision', 195, 200],
  ]);
});

test('a message that came before anybody waited for it is not on the critical path', () => {
  const run = profiledRun(handMade(116));
  const links = criticalPath(run, stepOf(run));
  assert.deepEqual(links.slice(0, 5).map(shown), [
    ['commit to discriminator', 100, 104],
    ['discriminator commit', 104, 106, 0],
    ['discriminator real-half', 106, 130, 20],
    ['discriminator wait-activations', 130, 143, 0],
    ['discriminator update', 143, 160, 11],
  ]);
});

function shown(link: Link): unknown[] {
  const { from, to } = link;
  if (link.kind === 'phase') return [`${link.role} ${link.phase}`, from, to, link.engine];
  if (link.kind === 'decision') return [link.kind, from, to];
  return [`${link.crossing.kind} to ${link.crossing.to}`, from, to];
}

test("a phase's time is its calls by name and shapes, and the rest", () => {
  const run = profiledRun(handMade());
  const costs = phaseCosts(run, stepOf(run));
  const update = costs.find(({ role, phase }) => role === 'discriminator' && phase === 'update');
  assert.deepEqual(update, {
    role: 'discriminator',
    phase: 'update',
    ms: 17,
    rest: 6,
    delay: 0,
    calls: [
      { label: 'MatMul [4,3] [3,1]', count: 2, ms: 8 },
      { label: 'Sqrt [9]', count: 1, ms: 3 },
    ],
  });
  const wait = costs.find(({ role, phase }) => role === 'discriminator' && phase === 'wait-commit');
  // 100 to 104, and from its vote on; without a processor only in what began in the step.
  assert.deepEqual(wait, { role: 'discriminator', phase: 'wait-commit', ms: 36, rest: 36, delay: 0, calls: [] });
  assert.equal(costs.find(({ phase }) => phase === 'real-half')?.delay, 4);
  assert.equal(costs.find(({ phase }) => phase === 'backward')?.delay, undefined);
});

test('uploads and reads are counted with their bytes, for each role', () => {
  const run = profiledRun(handMade());
  const none = { uploads: 0, uploadedBytes: 0, uploadMs: 0, reads: 0, readBytes: 0, readMs: 0 };
  assert.deepEqual(moved(run, stepOf(run)), [
    { ...none, role: 'discriminator', reads: 1, readBytes: 32, readMs: 1 },
    { ...none, role: 'generator-1', uploads: 1, uploadedBytes: 400, uploadMs: 1 },
  ]);
});

test('the timeline has a row for each role and phase on one axis: 80 columns of 1.25 ms here', () => {
  const run = profiledRun(handMade());
  const lines = timeline(run, stepOf(run));
  const bar = (...names: string[]) => {
    const from = lines.findIndex((line) => line.startsWith(names[0] ?? ''));
    const line = lines.slice(from).find((each) => each.includes(names[1] ?? ''));
    return line?.slice(line.indexOf('|') + 1, line.lastIndexOf('|'));
  };
  const at = (column: number, text: string) => text.padStart(column + text.length).padEnd(80);
  assert.equal(bar('coordinator ', 'last vote'), at(76, '----'));
  // From 106 to 136: JavaScript, from 107 to 132 an upload and an op, JavaScript.
  assert.equal(bar('generator-1 ', 'forward'), at(4, `--${'#'.repeat(20)}---`));
  // On its way from 136 to 141, and taken at 142.
  assert.equal(bar('generator-1 -> discriminator', 'fakes'), at(28, '>>>>>.'));
  assert.equal(bar('discriminator ', 'wait-commit'), `....${' '.repeat(50)}${'.'.repeat(26)}`);
  assert.match(lines.find((line) => line.includes('backward')) ?? '', /\| +73\.0 +17\.0$/);
});

test('the Chrome trace has processes with names, calls inside their phases, and arrows between roles', () => {
  const run = profiledRun(handMade());
  const { traceEvents } = chromeTrace(run, run.steps);
  const names = traceEvents.filter(({ name }) => name === 'process_name').map(({ pid, args }) => [pid, args?.['name']]);
  assert.deepEqual(names, [
    [PIDS.coordinator, 'coordinator'],
    [PIDS.discriminator, 'discriminator'],
    [PIDS.generator, 'generator-1'],
  ]);
  const complete = (name: string) => traceEvents.find((event) => event.ph === 'X' && event.name === name);
  assert.deepEqual([complete('step 2')?.ts, complete('step 2')?.dur], [0, 100_000]);
  assert.deepEqual([complete('backward')?.ts, complete('backward')?.dur], [73_000, 17_000]);
  assert.deepEqual([complete('TanhGrad')?.ts, complete('TanhGrad')?.dur], [74_000, 10_000]);
  assert.deepEqual(complete('TanhGrad')?.args, { step: 2, shapes: [[4, 2], [4, 2]] }); // prettier-ignore
  const arrows = traceEvents.filter(({ name, ph }) => name === 'fakes' && ph !== 'X');
  assert.deepEqual(
    arrows.map(({ ph, pid, ts }) => [ph, pid, ts]),
    [
      ['s', PIDS.generator, 36_000],
      ['f', PIDS.discriminator, 42_000],
    ],
  );
  assert.equal(arrows[0]?.id, arrows[1]?.id);
});

test('flags that cannot be are refused before anything runs', async () => {
  const usable = { steps: 40, workers: 3, pairs: 1 };
  const refused = async (options: Parameters<typeof measureProfile>[0], message: RegExp) =>
    await assert.rejects(
      measureProfile(options),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  await refused({ ...usable, steps: 0 }, /^--steps takes a whole number from 1 on, not 0$/);
  await refused({ ...usable, workers: 1 }, /^--workers takes a whole number from 2 on, not 1$/);
  await refused({ ...usable, pairs: Number.NaN }, /^--pairs .* not NaN$/);
  await refused({ ...usable, step: 46 }, /^--step takes a whole number 6 to 45, not 46$/);
  await refused({ ...usable, trace: '/nowhere/at/all/t.json' }, /there is no such folder$/);
});

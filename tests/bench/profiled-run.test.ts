import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { WARM_UP } from '../../bench/duet.js';
import { type TraceEvent, chromeTrace } from '../../bench/profile/chrome-trace.js';
import { criticalPath } from '../../bench/profile/critical-path.js';
import { type ProfiledRun, type Span, profiledRun, sum } from '../../bench/profile/profiled-run.js';
import { type Recording, recordRun } from '../../bench/profile/record.js';
import { report } from '../../bench/profile/report.js';
import { median } from '../../bench/statistics.js';
import { ROLES } from '../support/runs/run.js';

const STEPS = 100;

// One run of three workers for all of them.
let recording: Recording;
let run: ProfiledRun;
before(async () => {
  recording = await recordRun({ steps: STEPS, flags: ['--workers', '3', '--data', 'ring8'] });
  run = profiledRun(recording.threads);
});

test('most of its steps are recorded whole, one after the other', () => {
  const { steps } = run;
  assert.ok(steps.length > STEPS / 2, `${steps.length} of ${STEPS + WARM_UP}`);
  for (const [i, { from }] of steps.slice(1).entries()) assert.equal(from, steps[i]?.to);
});

test('every role has ops, uploads and reads, and each lies inside its phase', () => {
  assert.deepEqual(
    run.workers.map(({ role }) => role),
    ROLES,
  );
  for (const { role, phases } of run.workers) {
    const calls = phases.flatMap((phase) => phase.calls);
    for (const kind of ['op', 'upload', 'read'])
      assert.ok(
        calls.some((call) => call.kind === kind),
        `${role}: ${kind}`,
      );
    assert.ok(calls.filter(({ kind }) => kind !== 'op').every(({ bytes }) => bytes >= 0));
    for (const phase of phases)
      for (const call of phase.calls) assertInside(call, phase, `${role} ${phase.name} ${call.name}`);
  }
  const [discriminator] = run.workers;
  const matMul = discriminator?.phases.flatMap((phase) => phase.calls).find(({ name }) => name === 'MatMul');
  // A batch of 64 points in the plane, or their features.
  assert.deepEqual(matMul?.shapes.length, 2);
});

test("a role's phases follow each other without a gap, and take as long as its votes say", () => {
  for (const { role, phases } of run.workers) {
    for (const [i, { from }] of phases.slice(1).entries()) assert.equal(from, phases[i]?.to);
    const own = role === 'discriminator' ? 'update' : 'backward';
    const differences = run.steps.flatMap((step) => {
      const voted = recording.metrics.find((metrics) => metrics.step === step.step)?.phases[role]?.[own];
      const phase = phases.find(({ name, from }) => name === own && from >= step.from && from < step.to);
      return voted === undefined || phase === undefined ? [] : [Math.abs(voted - (phase.to - phase.from))];
    });
    // Taken by two clocks at almost the same place: a thread can lose its processor between the two, but not mostly.
    assert.ok(median(differences) < 0.2, `${role}: ${median(differences)} ms apart`);
  }
});

test('the critical path of every step goes from commit to commit without gaps, and mostly through the update', () => {
  let updates = 0;
  for (const step of run.steps) {
    const links = criticalPath(run, step);
    assert.equal(links[0]?.from, step.from);
    for (const [i, { from }] of links.slice(1).entries()) assert.equal(from, links[i]?.to);
    const length = sum(links.map(({ from, to }) => to - from));
    assert.ok(Math.abs(length - (step.to - step.from)) < 1e-6, `step ${step.step}: ${length}`);
    const kinds = links.map((link) => (link.kind === 'crossing' ? link.crossing.kind : link.kind));
    // It begins with the commit before, or within what was begun ahead of it: a forward pass, or fakes on their way.
    assert.ok(['commit', 'phase', 'fakes'].includes(kinds[0] ?? ''), kinds[0]);
    assert.deepEqual(kinds.slice(-2), ['vote', 'decision']);
    if (links.some((link) => link.kind === 'phase' && link.phase === 'update')) updates += 1;
  }
  // Not where a generator lost its processor before it could wait for the discriminator.
  assert.ok(updates > run.steps.length / 2, `${updates} of ${run.steps.length}`);
});

test('its Chrome trace is JSON whose events have times and lie beside or inside each other', () => {
  const text = JSON.stringify(chromeTrace(run, run.steps));
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  const complete = traceEvents.filter(({ ph }) => ph === 'X');
  const threads = new Map<string, TraceEvent[]>();
  for (const event of complete) {
    const thread = `${event.pid} ${event.tid}`;
    threads.set(thread, [...(threads.get(thread) ?? []), event]);
  }
  // The coordinator's steps, three compute threads, three commits, three votes, and a tensor each way for two generators.
  assert.equal(threads.size, 1 + 3 + 3 + 3 + 4);
  for (const events of threads.values()) assertNested(events);
  const named = new Set(
    traceEvents.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid} ${tid}`),
  );
  assert.deepEqual(
    [...threads.keys()].filter((thread) => !named.has(thread)),
    [],
  );
  const ends = (ph: string) => traceEvents.filter((event) => event.ph === ph).map(({ id }) => id);
  assert.ok(ends('s').length > 0);
  assert.deepEqual(ends('s'), ends('f'));
});

test('the report shows every role, what is moved, and the chain', () => {
  const [step] = run.steps;
  assert.ok(step);
  const text = report(run, step);
  for (const role of ROLES) assert.match(text, new RegExp(`^${role} `, 'm'));
  assert.match(text, /^discriminator, update +\d/m);
  assert.match(text, /^all .* 100\.0 %/m);
  assert.doesNotMatch(text, /NaN|undefined/);
});

function assertInside(inner: Span, outer: Span, what: string): void {
  assert.ok(inner.from >= outer.from && inner.to <= outer.to && inner.from <= inner.to, what);
}

/** By start; of two that start together the longer one first, as the viewers sort them. Nanoseconds are lost to rounding. */
function assertNested(events: TraceEvent[]): void {
  const open: number[] = [];
  const sorted = events.map(({ ts = Number.NaN, dur = Number.NaN, name }) => ({ ts, end: ts + dur, name }));
  for (const { ts, end, name } of sorted.sort((a, b) => a.ts - b.ts || b.end - a.end)) {
    assert.ok(end >= ts, name);
    while (open.length > 0 && (open.at(-1) ?? 0) <= ts + 0.01) open.pop();
    assert.ok(end <= (open.at(-1) ?? Infinity) + 0.01, `${name} at ${ts} ends after what it began in`);
    open.push(end);
  }
}

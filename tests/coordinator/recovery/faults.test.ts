import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Cause } from '../../../coordinator/run/journal/cause.js';
import type { StepMetrics } from '../../../coordinator/run/journal/journal.js';
import type { Fault__Output } from '../../../proto/generated/duet/v1/Fault.js';
import { isAlive } from '../../support/machine/alive.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { TINY, eventsNamed, eventsOf, inject } from '../../support/runs/faults.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun, until } from '../../support/runs/run.js';

const STEPS = 160;
const AT = 100;
/** A heartbeat every half second: silence is found in 2 s here, in 10 s by default. */
const OPTIONS = [
  ...TINY,
  ...['--steps', String(STEPS), '--checkpoint-every', '40', '--evaluate-every', '0'],
  ...['--heartbeat-deadline', '2', '--step-deadline', '5', '--allow-chaos'],
];

interface Case {
  what: string;
  faults: (Partial<Fault__Output> & { kind: string })[];
  /** What the first loss, or the first step that was called off, must name as its cause and role. */
  cause?: Cause | readonly Cause[];
  role?: string;
  args?: string[];
  /** What is told although nothing is done about it. */
  told?: Cause;
}

const CASES: Case[] = [
  {
    what: 'kill -9 of a generator',
    faults: [{ kind: 'kill', role: 'generator-1' }],
    cause: 'crashed',
    role: 'generator-1',
  },
  {
    what: 'kill -9 of the discriminator',
    faults: [{ kind: 'kill', role: 'discriminator' }],
    cause: 'crashed',
    role: 'discriminator',
  },
  {
    what: 'kill -9 of all workers at once',
    faults: ROLES.map((role) => ({ kind: 'kill', role })),
    cause: 'crashed',
  },
  {
    what: 'kill -9 of a generator with a spare',
    faults: [{ kind: 'kill', role: 'generator-2' }],
    cause: 'crashed',
    role: 'generator-2',
    args: ['--spares', '1'],
  },
  {
    what: 'SIGSTOP of a generator',
    faults: [{ kind: 'stop', role: 'generator-2' }],
    cause: 'stopped',
    role: 'generator-2',
  },
  {
    what: 'SIGSTOP of the discriminator',
    faults: [{ kind: 'stop', role: 'discriminator' }],
    cause: 'stopped',
    role: 'discriminator',
  },
  {
    what: 'a partition between a generator and the coordinator',
    faults: [{ kind: 'partition', role: 'generator-1', peer: 'coordinator' }],
    cause: ['partitioned', 'silent'],
    role: 'generator-1',
  },
  {
    what: 'a partition between a generator and the discriminator that heals',
    faults: [{ kind: 'partition', role: 'generator-1', peer: 'discriminator', milliseconds: 5000 }],
    cause: 'partitioned',
    role: 'generator-1',
  },
  {
    what: 'a partition between a generator and the discriminator that never heals',
    faults: [{ kind: 'partition', role: 'generator-2', peer: 'discriminator' }],
    cause: 'partitioned',
    role: 'generator-2',
  },
  {
    what: 'a slow link between a generator and the discriminator',
    faults: [{ kind: 'delay', role: 'generator-1', peer: 'discriminator', delayMs: 900, milliseconds: 3500 }],
    told: 'slow-link',
  },
  {
    what: 'a generator that computes far longer than it used to',
    faults: [{ kind: 'slow', role: 'generator-1', delayMs: 1200 }],
    cause: 'slow',
    role: 'generator-1',
  },
  {
    what: 'every worker slow at once',
    faults: ROLES.map((role) => ({ kind: 'slow', role, delayMs: 700, milliseconds: 7000 })),
  },
  {
    what: 'NaN in a generator',
    faults: [{ kind: 'nan', role: 'generator-2' }],
    cause: 'faulty-step',
    role: 'generator-2',
  },
  {
    what: 'NaN in the discriminator',
    faults: [{ kind: 'nan', role: 'discriminator' }],
    cause: 'faulty-step',
    role: 'discriminator',
  },
  {
    what: 'a checkpoint that is damaged, and a crash after it',
    faults: [
      { kind: 'corrupt-checkpoint', atStep: AT - 1 },
      { kind: 'kill', role: 'generator-1' },
    ],
    cause: 'crashed',
    role: 'generator-1',
  },
];

/** Everything that must not depend on what failed on the way. */
function resultOf(out: string) {
  return {
    states: ROLES.map((role) => readCheckpoint(out, STEPS, role).toString('base64')),
    losses: readJournal<StepMetrics>(out, 'metrics.jsonl').map(({ step, discriminatorLoss, averageGeneratorLoss }) => [
      step,
      discriminatorLoss,
      averageGeneratorLoss,
    ]),
  };
}

test('each fault alone: named with its cause, and the run ends bit for bit like one without', async (t) => {
  await using scratch = scratchFolder();
  const undisturbed = join(scratch.path, 'undisturbed');
  const { code, stderr } = await startRun(undisturbed, ...OPTIONS);
  assert.equal(code, 0, stderr);
  const result = resultOf(undisturbed);
  assert.equal(eventsNamed(undisturbed, 'step-called-off').length, 0);

  for (const [i, { what, faults, cause, role, args = [], told }] of CASES.entries()) {
    await t.test(what, async () => {
      const out = join(scratch.path, `run-${i}`);
      await using run = coordinator(['start', '--port', '0', '--out', out, ...OPTIONS, ...args]);
      await Promise.all(faults.map((fault) => inject(out, { atStep: AT, ...fault })));
      const ended = await run.ended;
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(resultOf(out), result);
      const [calledOff] = eventsNamed(out, 'step-called-off');
      if (cause === undefined) assert.equal(calledOff, undefined);
      else {
        assert.ok(calledOff !== undefined && [cause].flat().includes(calledOff.cause), calledOff?.cause);
        // A generator sends its fakes ahead of the commit: the answer to those of this step may be there before the line is cut.
        const late = cause === 'slow' ? 8 : cause === 'partitioned' ? 1 : 0;
        assert.ok(calledOff.step >= AT && calledOff.step <= AT + late, `at step ${calledOff.step}`);
        const recovered = eventsNamed(out, 'recovered');
        assert.ok(recovered.length > 0);
        for (const { detectMs, replaceMs, restoreMs, replayMs, totalMs } of recovered) {
          assert.ok(Math.abs(detectMs + replaceMs + restoreMs + replayMs - totalMs) <= 2, 'the parts are the whole');
        }
      }
      if (role !== undefined) assert.equal(calledOff?.role, role);
      if (told !== undefined) assert.ok(eventsNamed(out, 'fault-suspected').some((event) => event.cause === told));
      assert.equal(eventsNamed(out, 'replay-differs').length, 0);
      const pids = eventsOf(out).flatMap((event) => (event.event === 'worker-joined' ? [event.pid] : []));
      await until('every worker to be gone', () => pids.every((pid) => !isAlive(pid)));
      const left = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.tmp'));
      assert.deepEqual(left, []);
    });
  }
});

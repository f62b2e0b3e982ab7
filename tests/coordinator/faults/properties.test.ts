import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../coordinator/training/faults/diagnosis.js';
import type { Evidence } from '../../../coordinator/training/faults/evidence.js';
import { DEADLINES, crew } from '../../support/runs/evidence.js';

const RUNS = { numRuns: 3000 };
const PHASES = [
  ...['forward', 'wait-gradients', 'backward', 'real-half', 'wait-activations', 'update', 'judge', 'training'],
  ...[
    'between-steps',
    'starting',
    'loading the engine',
    'opening the data',
    'going back',
    'standing by',
    'finished',
    'unheard of',
  ],
];

/** Around every deadline, and far from it. */
const milliseconds = fc.oneof(
  fc.integer({ min: 0, max: 3000 }),
  fc.constantFrom(9999, 10_000, 10_001, 60_000, 60_001, 600_001),
  fc.integer({ min: 0, max: 1_000_000 }),
);

function evidenceIn(roles: readonly string[]): fc.Arbitrary<Evidence>[] {
  return roles.map((role) =>
    fc.record(
      {
        role: fc.constant(role),
        silentMs: milliseconds,
        phase: fc.constantFrom(...PHASES),
        phaseMs: milliseconds,
        voted: fc.boolean(),
        computeMs: fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), milliseconds), { maxLength: 32 }),
        peers: fc.array(
          fc.record({
            role: fc.constantFrom(...roles, 'generator-9'),
            silentMs: milliseconds,
            roundTripMs: milliseconds,
          }),
          { maxLength: 3 },
        ),
        processState: fc.constantFrom('R', 'S', 'D', 'T', 't', 'Z'),
      },
      { requiredKeys: ['role', 'silentMs', 'phase', 'phaseMs', 'voted', 'computeMs', 'peers'] },
    ),
  );
}

/** 1 to 5 roles, anything known of them. */
const anything = fc
  .integer({ min: 1, max: 5 })
  .chain((count) =>
    fc.tuple(...evidenceIn(['discriminator', ...Array.from({ length: count - 1 }, (_, i) => `generator-${i + 1}`)])),
  );

test('the order of the evidence decides the order of the suspicions, and nothing else', () => {
  fc.assert(
    fc.property(
      anything.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      milliseconds,
      ([all, shuffled], stepMs) => {
        const [one, other] = [diagnose(all, stepMs, DEADLINES), diagnose(shuffled, stepMs, DEADLINES)];
        const sorted = (texts: readonly object[]) => texts.map((text) => JSON.stringify(text)).sort();
        assert.deepEqual(sorted(other.suspicions), sorted(one.suspicions));
        assert.equal(other.heldBack, one.heldBack);
        const order = shuffled.map(({ role }) => role);
        const positions = other.suspicions.map(({ role }) => order.indexOf(role));
        assert.deepEqual(
          positions,
          [...positions].sort((a, b) => a - b),
        );
      },
    ),
    RUNS,
  );
});

test('whatever the evidence: roles that exist, one eviction each, a reason in one sentence, and never all of several silent', () => {
  fc.assert(
    fc.property(anything, milliseconds, (all, stepMs) => {
      const { suspicions, heldBack } = diagnose(all, stepMs, DEADLINES);
      const roles = all.map(({ role }) => role);
      for (const { role, peer, reason } of suspicions) {
        assert.ok(roles.includes(role));
        assert.ok(peer === undefined || peer === 'coordinator' || roles.includes(peer));
        assert.ok(peer !== role);
        assert.doesNotMatch(reason, /NaN|undefined|Infinity|\n/);
      }
      const evicted = suspicions.filter(({ action }) => action === 'evict').map(({ role }) => role);
      assert.equal(new Set(evicted).size, evicted.length);
      if (heldBack !== undefined) assert.equal(evicted.length, 0, 'held back is held back');
      const silent = all.filter(({ silentMs }) => silentMs > DEADLINES.heartbeatMs);
      if (silent.length === all.length) assert.equal(suspicions.length, 0);
      else
        assert.ok(
          silent.every(({ role }) => evicted.includes(role)),
          'a silent one among others is always evicted',
        );
    }),
    RUNS,
  );
});

test('all silent at once: nobody is suspected', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 10_001, max: 10_000_000 }), milliseconds, (all, silentMs, stepMs) => {
      const { suspicions, heldBack } = diagnose(
        all.map((of) => ({ ...of, silentMs })),
        stepMs,
        DEADLINES,
      );
      assert.deepEqual(suspicions, []);
      assert.match(heldBack ?? '', /coordinator's own network or machine/);
    }),
    RUNS,
  );
});

test('a role that has voted and is fresh, in fresh exchanges, is never suspected', () => {
  fc.assert(
    fc.property(anything, fc.nat(4), milliseconds, (all, chosen, stepMs) => {
      const good = all[chosen % all.length]?.role;
      const fresh = { silentMs: 100, roundTripMs: 5 };
      const evidence = all.map((of): Evidence => ({
        ...of,
        // Either end of an exchange may tell of it.
        peers: of.peers.map((peer) => (of.role === good || peer.role === good ? { ...peer, ...fresh } : peer)),
        ...(of.role === good ? { silentMs: 100, voted: true, phase: 'between-steps' } : {}),
      }));
      const { suspicions } = diagnose(evidence, stepMs, DEADLINES);
      assert.ok(suspicions.every(({ role }) => role !== good));
    }),
    RUNS,
  );
});

/** Steps that vary by a fifth. */
const steady = fc
  .integer({ min: 1, max: 2000 })
  .chain((usual) =>
    fc.array(fc.double({ min: usual * 0.8, max: usual * 1.2, noNaN: true }), { minLength: 8, maxLength: 32 }),
  );
const factor = fc.double({ min: 0.01, max: 10_000, noNaN: true });
const three = fc.tuple(steady, steady, steady);

function crewWith(histories: readonly (readonly number[])[]): Evidence[] {
  return crew().map((of, i) => ({ ...of, computeMs: histories[i] ?? [] }));
}

test('scaling every compute time by the same factor makes nobody slow', () => {
  fc.assert(
    fc.property(three, factor, (histories, by) => {
      const { suspicions } = diagnose(crewWith(histories.map((all) => all.map((ms) => ms * by))), 0, DEADLINES);
      assert.deepEqual(suspicions, []);
    }),
    RUNS,
  );
});

test('scaling the last three steps of all by the same factor makes nobody slow', () => {
  fc.assert(
    fc.property(three, factor, (histories, by) => {
      const scaled = histories.map((all) => all.map((ms, i) => (i < all.length - 3 ? ms : ms * by)));
      assert.deepEqual(diagnose(crewWith(scaled), 0, DEADLINES).suspicions, []);
    }),
    RUNS,
  );
});

/** As a machine that stands still delays them: a role in as many phases as it has then. */
test('the same delay in one or two phases of all, beside which their steps are tiny, makes nobody slow', () => {
  const tiny = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 8, maxLength: 32 });
  const phases = fc.integer({ min: 1, max: 2 });
  fc.assert(
    fc.property(
      fc.tuple(tiny, tiny, tiny),
      fc.tuple(phases, phases, phases),
      fc.double({ min: 500, max: 1e5, noNaN: true }),
      (histories, counts, delay) => {
        const delayed = histories.map((all, k) =>
          all.map((ms, i) => (i < all.length - 3 ? ms : ms + delay * (counts[k] ?? 1))),
        );
        assert.deepEqual(diagnose(crewWith(delayed), 0, DEADLINES).suspicions, []);
      },
    ),
    RUNS,
  );
});

test('scaling the last three steps of one alone always makes it slow, and it alone', () => {
  fc.assert(
    fc.property(three, fc.nat(2), fc.double({ min: 15, max: 1e4, noNaN: true }), (histories, chosen, by) => {
      const scaled = histories.map((all, k) =>
        all.map((ms, i) => (k !== chosen || i < all.length - 3 ? ms : ms * by + 1000)),
      );
      const evidence = crewWith(scaled);
      const { suspicions } = diagnose(evidence, 0, DEADLINES);
      assert.deepEqual(
        suspicions.map(({ role, cause }) => [role, cause]),
        [[evidence[chosen]?.role, 'slow']],
      );
    }),
    RUNS,
  );
});

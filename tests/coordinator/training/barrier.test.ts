import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StepVote, decide, whyStale } from '../../../coordinator/training/barrier.js';

const ROLES = ['discriminator', 'generator-1', 'generator-2'];
const VOTE: StepVote = { epoch: 1, step: 5, loss: 0.5, plainLoss: 1, gradientNorm: 2, fault: '', verdicts: [] };

function votes(given: Record<string, Partial<StepVote>>): Map<string, StepVote> {
  return new Map(Object.entries(given).map(([role, vote]) => [role, { ...VOTE, ...vote }]));
}

test('a step waits for every role, and says for whom', () => {
  assert.deepEqual(decide(ROLES, votes({ 'generator-2': {} })), {
    kind: 'wait',
    missing: ['discriminator', 'generator-1'],
  });
});

test("with all votes in, the averaged generator loss is the sum of the generators' weighted terms, whoever voted first", () => {
  const terms = { discriminator: { loss: 9 }, 'generator-1': { loss: 0.1 }, 'generator-2': { loss: 0.7 } };
  const reversed = Object.fromEntries(Object.entries(terms).reverse());
  const commit = { kind: 'commit', averageGeneratorLoss: 0.1 + 0.7 };
  assert.deepEqual(decide(ROLES, votes(terms)), commit);
  assert.deepEqual(decide(ROLES, votes(reversed)), commit);
});

test('one vote that is not finite, or reports a fault, is enough to know that the step is faulty', () => {
  for (const [bad, reason] of [
    [{ loss: Number.NaN }, /loss is NaN/],
    [{ gradientNorm: Number.POSITIVE_INFINITY }, /gradient norm is Infinity/],
    [{ fault: 'the logit of x is NaN' }, /the logit of x is NaN/],
  ] as const) {
    const decision = decide(ROLES, votes({ 'generator-1': bad }));
    assert.ok(decision.kind === 'fault');
    assert.equal(decision.role, 'generator-1');
    assert.match(decision.reason, reason);
  }
});

test('a vote of another epoch or step is stale, with the reason', () => {
  assert.equal(whyStale(VOTE, 1, 5), undefined);
  assert.match(whyStale(VOTE, 2, 5) ?? '', /epoch 1.*in epoch 2/);
  assert.match(whyStale(VOTE, 1, 6) ?? '', /step 5.*at step 6/);
});

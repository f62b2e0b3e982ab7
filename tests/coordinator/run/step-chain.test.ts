import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainMs } from '../../../coordinator/run/journal/step-chain.js';

const generators = {
  'generator-1': { 'wait-commit': 9, forward: 5, 'wait-gradients': 50, backward: 15 },
  'generator-2': { 'wait-commit': 9, forward: 6, 'wait-gradients': 50, backward: 16 },
};

test('a real half that runs beside the generators is on the longest chain only when it takes longer than they do', () => {
  const beside = (real: number) => ({ 'real-half': real, 'wait-activations': 1, update: 20, judge: 10 });
  assert.equal(chainMs({ phases: { discriminator: beside(8), ...generators } }), 6 + 16 + 20 + 10);
  assert.equal(chainMs({ phases: { discriminator: beside(40), ...generators } }), 40 + 20 + 10);
});

test('a real half that waits for the generators, because they share a processor, is a link of the chain', () => {
  const discriminator = { 'wait-activations': 25, 'real-half': 8, update: 20, judge: 10 };
  assert.equal(chainMs({ phases: { discriminator, ...generators } }), 6 + 16 + 8 + 20 + 10);
});

test('the generator whose passes take longest together counts, not the slowest of each', () => {
  const phases = { 'generator-1': { forward: 1, backward: 9 }, 'generator-2': { forward: 6, backward: 3 } };
  assert.equal(chainMs({ phases }), 10);
});

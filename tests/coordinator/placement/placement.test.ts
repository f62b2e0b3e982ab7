import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerEnvironment } from '../../../coordinator/placement/local.js';
import { threadsOf } from '../../../coordinator/placement/threads.js';

const CARDS = [0, 1].map((index) => ({ index, uuid: `GPU-${index}`, name: 'card', memory: 1 }));

test('every worker sees one card, and cards are shared in turn when there are fewer than workers', () => {
  const seen = [0, 1, 2].map((index) => workerEnvironment(index, CARDS, [], {})['CUDA_VISIBLE_DEVICES']);
  assert.deepEqual(seen, ['GPU-0', 'GPU-1', 'GPU-0']);
});

test("CUDA's folders come before what the loader searched already", () => {
  const environment = workerEnvironment(0, CARDS, ['/engine/cuda'], { LD_LIBRARY_PATH: '/opt/lib', HOME: '/home/me' });
  assert.equal(environment['LD_LIBRARY_PATH'], '/engine/cuda:/opt/lib');
  assert.equal(environment['HOME'], '/home/me');
});

test('without a card the environment is left as it is', () => {
  const inherited = { PATH: '/bin' };
  assert.equal(workerEnvironment(0, [], [], inherited), inherited);
});

test('the discriminator computes with all cores, the generators divide them, nobody gets none', () => {
  assert.deepEqual(
    ['discriminator', 'generator-1'].map((role) => threadsOf(role, 16, 3)),
    [16, 5],
  );
  assert.deepEqual(
    ['discriminator', 'generator-1'].map((role) => threadsOf(role, 2, 8)),
    [2, 1],
  );
});

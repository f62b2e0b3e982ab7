import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULT_KINDS, LASTING_FAULTS, LINK_FAULTS, SLOWING_FAULTS } from '../../../common/faults.js';
import { checkFault } from '../../../coordinator/chaos/check.js';
import { type DrawOptions, drawFault } from '../../../coordinator/chaos/draw.js';
import { describeFault } from '../../../coordinator/chaos/words.js';

const ROLES = ['discriminator', 'generator-1', 'generator-2', 'generator-3'];
const OPTIONS: DrawOptions = {
  seed: 7,
  everyMs: 2000,
  kinds: FAULT_KINDS,
  targets: ROLES,
  roles: ROLES,
  forMs: 3000,
  delayMs: 40,
};
const DRAWS = 4000;

const drawn = (options: DrawOptions) => Array.from({ length: DRAWS }, (_, i) => drawFault(options, i));

test('waits are exponential with the mean that was asked for', () => {
  const waits = drawn(OPTIONS).map(({ waitMs }) => waitMs);
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / DRAWS;
  // The mean of n exponential waits has a standard deviation of mean / sqrt(n); four of them.
  assert.ok(Math.abs(mean / 2000 - 1) < 4 / Math.sqrt(DRAWS), `mean ${mean}`);
  const over = waits.filter((wait) => wait > 2 * 2000).length / DRAWS;
  assert.ok(Math.abs(over - Math.exp(-2)) < 4 * Math.sqrt((Math.exp(-2) * (1 - Math.exp(-2))) / DRAWS), `${over}`);
  assert.ok(waits.every((wait) => wait > 0 && Number.isFinite(wait)));
});

test('every fault that is drawn is one the coordinator takes, and all kinds, roles and peers come', () => {
  const seen = new Set<string>();
  for (const { fault } of drawn(OPTIONS)) {
    assert.ok(checkFault(fault, ROLES, 1) !== undefined);
    assert.equal(fault.milliseconds, LASTING_FAULTS.includes(fault.kind) ? 3000 : 0, fault.kind);
    assert.equal(fault.delayMs, SLOWING_FAULTS.includes(fault.kind) ? 40 : 0, fault.kind);
    seen.add(describeFault(fault));
  }
  const links = 4 + 3 * 2;
  assert.equal(seen.size, 4 * 4 + LINK_FAULTS.length * links + 2);
  assert.ok(seen.has('delay of generator-2 and discriminator by 40 ms for 3 s') && seen.has('coordinator-kill'));
});

test('a draw follows from the seed and its number, and from nothing before it', () => {
  assert.deepEqual(drawFault(OPTIONS, 17), drawn(OPTIONS)[17]);
  assert.notDeepEqual(drawFault({ ...OPTIONS, seed: 8 }, 17), drawFault(OPTIONS, 17));
  const narrow = drawn({ ...OPTIONS, kinds: ['kill'], targets: ['generator-3'] });
  assert.ok(narrow.every(({ fault }) => fault.kind === 'kill' && fault.role === 'generator-3'));
});

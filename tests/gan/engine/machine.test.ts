import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Machine, thisMachine, unfitFor } from '../../../gan/engine/prepare/machine.js';

const fit: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36', cpuinfo: 'flags\t\t: fpu sse2 avx avx2\n' };

test('a Linux with glibc and AVX is fit, as this one says of itself; what says nothing of its processor may be', () => {
  assert.deepEqual(unfitFor(fit), []);
  assert.deepEqual(unfitFor({ ...fit, cpuinfo: '' }), []);
  assert.deepEqual(unfitFor({ ...fit, glibc: '2.27' }), []);
  assert.deepEqual(unfitFor({ ...fit, arch: 'arm64', cpuinfo: 'Features\t: fp asimd\n' }), []);
  assert.deepEqual(unfitFor({ platform: 'darwin', arch: 'arm64', glibc: undefined, cpuinfo: '' }), []);
  if (process.platform === 'linux') assert.match(thisMachine().glibc ?? '', /^2\.\d+$/);
});

for (const [what, change, sentence] of [
  ['musl', { glibc: undefined }, /glibc 2\.27 or later, this Linux has another one \(Alpine has musl\)/],
  ['an old glibc', { glibc: '2.17' }, /glibc 2\.27 or later, this Linux has 2\.17/],
  ['a processor without AVX', { cpuinfo: 'flags\t\t: fpu sse2 avx512\n' }, /a processor with AVX, this one has none/],
] as const) {
  test(`${what} is named before anything is downloaded`, () => {
    const found = unfitFor({ ...fit, ...change });
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', sentence);
  });
}

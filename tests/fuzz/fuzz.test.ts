import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../common/errors.js';
import { fuzz, sum } from './fuzz.js';
import { FuzzError, defineTarget } from './target.js';

const RUNS = 20_000;
const MIB = 2 ** 20;

test(`${RUNS} malformed inputs (seed 1; npm run fuzz has a million) get a typed error each, within their bounds`, async () => {
  const { inputs, outcomes, peak } = await fuzz({ runs: RUNS, seed: 1 });
  assert.ok(sum(inputs) >= RUNS);
  const refused = sum(outcomes) - (outcomes.get('taken') ?? 0);
  assert.ok(refused > RUNS / 2, `${refused} were refused: the inputs are hardly malformed`);
  assert.ok((outcomes.get('taken') ?? 0) > 0, 'some changes are harmless');
  assert.ok(peak < 512 * MIB, `${Math.round(peak / MIB)} MiB`);
});

/** A reader with a fault, and what the fuzzer says of it. */
const faulty = (read: (bytes: Uint8Array) => unknown, mostSeconds: number) =>
  defineTarget({
    name: 'faulty',
    share: 1,
    inputs: fc.uint8Array({ maxLength: 8 }),
    reading: (bytes) => ({
      bytes: bytes.length,
      allowance: MIB,
      mostSeconds,
      read: () => void read(bytes),
    }),
  }).fuzz({ runs: 2000, seed: 1 });

/** What a reader holds on to, so that nothing of it is gone before it is measured. */
const kept: unknown[] = [];
for (const [what, read, reason] of [
  [
    'takes the memory that a header claims',
    (bytes: Uint8Array) => bytes[0] === 200 && kept.push(new Uint8Array(64 * MIB)),
    /\d+ bytes of arrays for an input of 1,/,
  ],
  [
    'takes it through Buffer',
    (bytes: Uint8Array) => bytes[0] === 200 && kept.push(Buffer.alloc(2 * MIB)),
    /\d+ bytes of arrays/,
  ],
  [
    'unfolds a few bytes into a great many objects',
    (bytes: Uint8Array) => bytes[0] === 200 && kept.push(Array.from({ length: 3e6 }, () => ({}))),
    /bytes of objects for an input of 1/,
  ],
  ['throws something else', (bytes: Uint8Array) => bytes.with(8, 0), /no typed error: RangeError/],
  [
    'repeats its input in a message',
    (bytes: Uint8Array) => {
      if (bytes[0] === 200) throw new UsageError('x'.repeat(5000));
    },
    /a message of 5000 characters/,
  ],
  [
    'changes the prototype of all objects',
    (bytes: Uint8Array) => {
      if (bytes[0] === 200) Object.assign(Object.prototype, { polluted: 1 });
    },
    /prototype of all objects/,
  ],
  [
    'never comes to an end',
    (bytes: Uint8Array) => {
      for (const since = process.cpuUsage(); bytes[0] === 200 && process.cpuUsage(since).user < 0.3e6;);
    },
    / s for an input of/,
  ],
] as const) {
  test(`the fuzzer finds a reader that ${what}`, async () => {
    try {
      await assert.rejects(
        faulty(read, what === 'never comes to an end' ? 0.2 : 60),
        (error) => error instanceof FuzzError && reason.test(error.message),
      );
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
      kept.length = 0;
    }
  });
}

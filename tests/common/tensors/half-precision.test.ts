import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultyStepError } from '../../../common/errors.js';
import { HALF_TYPES, type HalfType, fromHalves, toHalves } from '../../../common/tensors/half-precision.js';
import { toWire } from '../../../common/tensors/wire-values.js';
import { readReference } from '../../support/numbers/reference.js';

type Reference = Record<HalfType | 'float32', string> & { meanings: Record<HalfType, number> };

/** Half a step of the significand: 8 bits of bfloat16, 11 of float16. */
const RELATIVE_ERROR: Record<HalfType, number> = { bfloat16: 2 ** -8, float16: 2 ** -11 };
const LEAST_NORMAL: Record<HalfType, number> = { bfloat16: 2 ** -126, float16: 2 ** -14 };
const LARGEST: Record<HalfType, number> = { bfloat16: (2 - 2 ** -7) * 2 ** 127, float16: 65504 };
/** Half of float16's smallest step. */
const SUBNORMAL_ERROR = 2 ** -25;

const integers = (hex: string, digits: number) =>
  hex.match(new RegExp(`.{${digits}}`, 'g'))?.map((part) => Number.parseInt(part, 16)) ?? [];
const rounded = (type: HalfType, ...values: number[]) => [
  ...fromHalves(toHalves(Float32Array.from(values), type).values, type),
];
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

for (const type of HALF_TYPES) {
  test(`${type} is rounded as PyTorch and numpy round it: ties, subnormals, overflow, infinities, NaN`, () => {
    const reference = readReference<Reference>('half');
    const values = new Float32Array(Uint32Array.from(integers(reference.float32, 8)).buffer);
    const expected = integers(reference[type], 4);
    const { values: found } = toHalves(values, type);
    assert.equal(found.length, expected.length);
    for (const [i, value] of values.entries()) {
      if (Number.isNaN(value)) assert.ok(Number.isNaN(fromHalves(found, type)[i]), 'NaN stays NaN');
      else assert.equal(found[i], expected[i], `${value}`);
    }
  });

  test(`all 65536 patterns of ${type} mean what PyTorch says`, () => {
    const values = fromHalves(
      Uint16Array.from({ length: 65536 }, (_, i) => (i + 32768) % 65536),
      type,
    );
    const bits = new Uint32Array(values.buffer);
    let sum = 0n;
    for (const [i, each] of bits.entries()) if (!Number.isNaN(values[i])) sum += BigInt(i + 1) * BigInt(each);
    assert.equal(Number(sum % (2n ** 53n - 111n)), readReference<Reference>('half').meanings[type]);
  });

  test(`the error of ${type} is at most ${RELATIVE_ERROR[type]} of a value in its normal range`, () => {
    fc.assert(
      fc.property(float32, (value) => {
        const size = Math.abs(value);
        fc.pre(size >= LEAST_NORMAL[type] && size <= LARGEST[type]);
        const [found = Number.NaN] = rounded(type, value);
        assert.ok(Math.abs(found - value) <= RELATIVE_ERROR[type] * size, `${value} became ${found}`);
      }),
      { numRuns: 20_000 },
    );
  });

  test(`rounding to ${type} again changes nothing, keeps the order and the sign`, () => {
    fc.assert(
      fc.property(float32, float32, (one, other) => {
        const [first = Number.NaN, second = Number.NaN, negative = Number.NaN] = rounded(type, one, other, -one);
        assert.deepEqual(rounded(type, first, second), [first, second]);
        assert.ok(one <= other ? first <= second : first >= second);
        assert.ok(Object.is(negative, -first));
      }),
      { numRuns: 20_000 },
    );
  });

  test(`what is too large for ${type} is counted and spoils the step, what was infinite or NaN before passes`, () => {
    const beyond = LARGEST[type] * (1 + RELATIVE_ERROR[type]);
    const values = Float32Array.of(beyond, -beyond, Infinity, -Infinity, Number.NaN, LARGEST[type], 0);
    const { values: halves, overflowed } = toHalves(values, type);
    assert.equal(overflowed, 2);
    assert.deepEqual(
      [...fromHalves(halves, type)],
      [Infinity, -Infinity, Infinity, -Infinity, Number.NaN, LARGEST[type], 0],
    );
    assert.throws(
      () => toWire(values, type, "generator-1's fakes"),
      (error) =>
        error instanceof FaultyStepError &&
        error.message.startsWith(`2 of 7 values of generator-1's fakes are too large for --exchange-dtype ${type}`),
    );
    assert.equal(toWire(values.subarray(2), type, '').length, 5);
    assert.equal(toWire(values, 'float32', ''), values);
  });
}

test("below float16's normal range the error is at most half of its smallest step, and half a step becomes 0", () => {
  fc.assert(
    fc.property(fc.float({ min: -(2 ** -14), max: 2 ** -14, noNaN: true }), (value) => {
      const [found = Number.NaN] = rounded('float16', value);
      assert.ok(Math.abs(found - value) <= SUBNORMAL_ERROR, `${value} became ${found}`);
    }),
    { numRuns: 20_000 },
  );
  assert.deepEqual(rounded('float16', 2 ** -25, -(2 ** -25), 2 ** -24), [0, -0, 2 ** -24]);
});

test('a part of an array is rounded, and nothing beside it', () => {
  const whole = Float32Array.of(9, 1, 2, 9);
  assert.deepEqual(rounded('bfloat16', ...whole.subarray(1, 3)), [1, 2]);
  assert.deepEqual([...fromHalves(toHalves(whole.subarray(1, 3), 'float16').values, 'float16')], [1, 2]);
  const halves = toHalves(whole, 'float16').values;
  assert.deepEqual([...fromHalves(halves.subarray(1, 3), 'float16')], [1, 2]);
});

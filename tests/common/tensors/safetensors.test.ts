import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusedError } from '../../../common/errors.js';
import { type SafeTensors, decodeSafetensors, encodeSafetensors } from '../../../common/tensors/safetensors.js';

const array = fc
  .record({ rows: fc.integer({ min: 0, max: 4 }), columns: fc.integer({ min: 1, max: 4 }) })
  .chain(({ rows, columns }) =>
    fc
      .array(fc.float(), { minLength: rows * columns, maxLength: rows * columns })
      .map((values) => ({ shape: [rows, columns], data: Float32Array.from(values) })),
  );
const file = fc.record({
  arrays: fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
    array,
  ),
  metadata: fc.dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
    fc.string(),
  ),
});

const tensors = ({
  arrays,
  metadata,
}: {
  arrays: Record<string, { shape: number[]; data: Float32Array }>;
  metadata: Record<string, string>;
}): SafeTensors => ({
  arrays: Object.entries(arrays).map(([name, value]) => ({ name, ...value })),
  metadata,
});

const example = encodeSafetensors({
  arrays: [
    { name: 'weights/a', shape: [2, 2], data: Float32Array.of(1, -2, 3.5, Number.NaN) },
    { name: 'weights/b', shape: [1], data: Float32Array.of(0.1) },
  ],
  metadata: { step: '5' },
});

/** Decodes, or refuses; anything else is a fault. */
function decodesOrRefuses(bytes: Uint8Array): boolean {
  try {
    decodeSafetensors(bytes);
    return true;
  } catch (error) {
    assert.ok(error instanceof RefusedError, String(error));
    assert.equal(error.status, 'DATA_LOSS');
    return false;
  }
}

test('what is written is read back, every bit of it', () => {
  fc.assert(
    fc.property(file, (given) => {
      const wanted = tensors(given);
      const found = decodeSafetensors(encodeSafetensors(wanted));
      const byName = new Map(found.arrays.map((each) => [each.name, each]));
      assert.equal(byName.size, wanted.arrays.length);
      for (const { name, shape, data } of wanted.arrays) {
        assert.deepEqual(byName.get(name)?.shape, shape);
        assert.deepEqual(byName.get(name)?.data, data);
      }
      assert.deepEqual({ ...found.metadata }, { ...wanted.metadata });
    }),
  );
});

test('it is read back from a Buffer that is a view into a larger one, too', () => {
  const pool = Buffer.concat([Buffer.alloc(3), example]);
  assert.deepEqual(decodeSafetensors(pool.subarray(3)), decodeSafetensors(example));
});

test("a file that Python's safetensors wrote is read", () => {
  // base64.b64encode(safetensors.numpy.save({'a': np.array([[1.5, -2.0]], dtype=np.float32)}, {'step': '7'}))
  const python =
    'WAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJzdGVwIjoiNyJ9LCJhIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxLDJdLCJkYXRhX29mZnNldHMiOlswLDhdfX0gICAgAADAPwAAAMA=';
  const { arrays, metadata } = decodeSafetensors(Buffer.from(python, 'base64'));
  assert.deepEqual(arrays, [{ name: 'a', shape: [1, 2], data: Float32Array.of(1.5, -2) }]);
  assert.deepEqual(metadata, { step: '7' });
});

test('every truncation is refused', () => {
  for (let length = 0; length < example.length; length += 1) assert.ok(!decodesOrRefuses(example.subarray(0, length)));
});

test('any byte changed is read as it stands or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.nat(example.length - 1), fc.integer({ min: 1, max: 255 }), (position, change) => {
      const bytes = example.slice();
      bytes[position] = (bytes[position] as number) ^ change;
      decodesOrRefuses(bytes);
    }),
    { numRuns: 5000 },
  );
});

test('a header that claims more than there is takes no memory', () => {
  const bytes = new Uint8Array(16);
  const before = process.memoryUsage().arrayBuffers;
  for (const claim of [17n, 2n ** 31n, 2n ** 60n, 2n ** 64n - 1n]) {
    new DataView(bytes.buffer).setBigUint64(0, claim, true);
    assert.ok(!decodesOrRefuses(bytes));
  }
  for (const entry of [
    { dtype: 'F32', shape: [2 ** 40], data_offsets: [0, 2 ** 42] },
    { dtype: 'F32', shape: [-1], data_offsets: [0, -4] },
    { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
    { dtype: 'F32', shape: 'all', data_offsets: [0, 4] },
    null,
  ]) {
    const header = Buffer.from(JSON.stringify({ a: entry }));
    const whole = Buffer.concat([Buffer.alloc(8), header, Buffer.alloc(8)]);
    whole.writeBigUInt64LE(BigInt(header.length));
    assert.ok(!decodesOrRefuses(whole));
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
});

test('several bytes changed, cut or added are read as they stand or refused, never anything else', () => {
  const change = fc.record({ at: fc.nat(example.length), cut: fc.nat(16), put: fc.uint8Array({ maxLength: 16 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let bytes = Buffer.from(example);
      for (const { at, cut, put } of changes) {
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
      }
      decodesOrRefuses(bytes);
    }),
    { numRuns: 5000 },
  );
});

test('arrays that overlap are refused before they fill the memory', () => {
  const before = process.memoryUsage().arrayBuffers;
  const entry = { dtype: 'F32', shape: [1 << 20], data_offsets: [0, 4 << 20] };
  const header = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`a${i}`, entry]));
  assert.ok(!decodesOrRefuses(fileWith(JSON.stringify(header), 4 << 20)));
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20, 'of the 4 GB that it describes');
});

/** A file with this header text, and so many bytes of data. */
function fileWith(header: string, bytes: number): Buffer {
  const whole = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.alloc(bytes)]);
  whole.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return whole;
}

test('whatever JSON stands in the header, the file is read or refused, never anything else', () => {
  const entry = fc.record(
    {
      dtype: fc.constantFrom('F32', 'F32', 'F64', 1),
      shape: fc.oneof(fc.array(fc.nat(3)), fc.jsonValue()),
      data_offsets: fc.oneof(fc.tuple(fc.nat(9), fc.nat(9)), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const header = fc.oneof(
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__metadata__')), fc.oneof(entry, fc.jsonValue())),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(header, fc.nat(8), (given, bytes) => void decodesOrRefuses(fileWith(JSON.stringify(given), bytes))),
    { numRuns: 5000 },
  );
  for (const nested of ['{"__metadata__":{"a":{"toString":1,"valueOf":1}}}', `{"a":${'['.repeat(1e5)}`]) {
    assert.ok(!decodesOrRefuses(fileWith(nested, 0)), nested.slice(0, 60));
  }
});

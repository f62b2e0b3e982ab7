/** Valid inputs, changed: what a broken disk, another version, or somebody with bad intentions would send. */
import fc from 'fast-check';

/** Where lengths, offsets and counts go wrong. */
const NUMBERS = [
  0n,
  1n,
  127n,
  128n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const TEXTS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '\n',
    '\0',
    ' ',
    '#',
    '&a ',
    '*a',
    '!!js ',
    '<<: ',
    '- ',
    '---\n',
    '|\n',
    '? ',
  ],
  ...['null', 'true', '-1', '-0', '0.1', '1e999', 'NaN', '.inf', '1099511627776', '9007199254740993', '""', '{}', '[]'],
  ...[
    '"__proto__":',
    '__proto__: ',
    '"constructor":{"prototype":{"x":1}},',
    'toString: ',
    '../../',
    '\u2028',
    '\ufeff',
  ],
  ...['['.repeat(500), '{"a":'.repeat(500), '- '.repeat(500), 'x'.repeat(2000), '9'.repeat(400)],
].map((text) => Buffer.from(text));

function littleEndian(value: bigint, bytes: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, value));
  return buffer.subarray(0, bytes);
}

/** As protobuf writes it. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    if (rest <= 127n) return Buffer.from(bytes);
  }
}

/** Replaces `cut` bytes from `at` on; both are taken modulo the length there is. */
interface Edit {
  at: number;
  cut: number;
  put: Uint8Array;
}

const pieces = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc
    .constantFrom(...NUMBERS)
    .chain((value) => fc.constantFrom(littleEndian(value, 8), littleEndian(value, 4), varint(value))),
  fc.constantFrom(...TEXTS),
);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  // A byte of another value, most often.
  {
    weight: 3,
    arbitrary: fc.record({ at: fc.nat(), cut: fc.constant(1), put: fc.uint8Array({ minLength: 1, maxLength: 1 }) }),
  },
  { weight: 2, arbitrary: fc.record({ at: fc.nat(), cut: fc.nat(12), put: pieces }) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(), cut: fc.nat(), put: fc.constant(new Uint8Array()) }) },
);

function apply(bytes: Uint8Array, { at, cut, put }: Edit): Buffer {
  const from = at % (bytes.length + 1);
  const to = Math.min(bytes.length, from + (cut > 12 ? cut % (bytes.length + 1) : cut));
  return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)]);
}

/** Bytes that are one of `seeds` with a few changes, two of them spliced, or nothing but chance. */
export function mutated(seeds: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const seed = fc.constantFrom(...seeds);
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(seed, fc.array(edit, { minLength: 1, maxLength: 4 }))
        .map(([bytes, edits]) => edits.reduce<Buffer>(apply, Buffer.from(bytes))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(seed, seed, fc.nat(), fc.nat())
        .map(([head, tail, at, from]) =>
          Buffer.concat([head.subarray(0, at % (head.length + 1)), tail.subarray(from % (tail.length + 1))]),
        ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  );
}

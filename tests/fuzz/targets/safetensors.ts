/** Files of a role's state: decodeSafetensors. */
import fc from 'fast-check';
import { decodeSafetensors } from '../../../common/tensors/safetensors.js';
import { stateFile } from '../../support/runs/checkpoint.js';
import { ROLES } from '../../support/runs/run.js';
import { mutated } from '../mutations.js';
import { defineTarget } from '../target.js';

/** A file with this header text, and so many bytes of data. */
function fileWith(header: string, bytes: number): Buffer {
  const whole = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.alloc(bytes)]);
  whole.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return whole;
}

const size = fc.oneof(fc.nat(9), fc.constantFrom(2 ** 31, 2 ** 40, 2 ** 53, -4, 0.5, 1e300));
const entry = fc.record(
  {
    dtype: fc.constantFrom('F32', 'F32', 'F64', 1),
    shape: fc.oneof(fc.array(size, { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })),
    data_offsets: fc.oneof(fc.tuple(size, size), fc.jsonValue({ maxDepth: 1 })),
  },
  { requiredKeys: [] },
);
const header = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom('__metadata__', '__proto__', 'a')),
  fc.oneof({ weight: 3, arbitrary: entry }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) }),
  { maxKeys: 4 },
);

export const safetensors = defineTarget<Uint8Array>({
  name: 'safetensors',
  share: 0.15,
  inputs: fc.oneof(
    { weight: 3, arbitrary: mutated(ROLES.map((role) => stateFile(role, 7))) },
    {
      weight: 1,
      arbitrary: fc.tuple(header, fc.nat(40)).map(([given, bytes]) => fileWith(JSON.stringify(given), bytes)),
    },
  ),
  reading: (file) => ({
    bytes: file.length,
    allowance: 2 * file.length + (64 << 10),
    read: () => void decodeSafetensors(file),
  }),
});

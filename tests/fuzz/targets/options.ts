/** Flags and keys of a config: compileOptions. */
import fc from 'fast-check';
import { OPTION_KEYS, compileOptions } from '../../../coordinator/run/config/options.js';
import { Finding } from '../meter.js';
import { defineTarget } from '../target.js';

const value = fc.oneof(
  fc.constantFrom(
    0,
    -1,
    1,
    2,
    0.5,
    2 ** 31,
    2 ** 53,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    '',
  ),
  fc.constantFrom('mnist', 'pggan', 'gan', 'sngan', 'A', 'F', 'hinge', 'simultaneous', 'local', 'rollback', 'cpu'),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constant('x'.repeat(10_000)),
);

export const options = defineTarget({
  name: 'options',
  share: 0.06,
  inputs: fc.dictionary(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...OPTION_KEYS) }, { weight: 1, arbitrary: fc.string() }),
    value,
    { minKeys: 1, maxKeys: 5 },
  ),
  reading: (given) => ({
    bytes: 20_000,
    allowance: 64 << 10,
    read() {
      const { training } = compileOptions(given);
      if (!(training.generators >= 1 && training.generators <= 127)) throw new Finding('a config that cannot be');
    },
  }),
});

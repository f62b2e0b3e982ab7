import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../common/errors.js';
import { type Identity, RunIdentity } from '../../../coordinator/run/config/identity.js';

test('a resumed run refuses another engine, device or data, unless changes are accepted', () => {
  const known = { engine: 'tensorflow 2.21.0', device: 'cpu', data: 'abc' };
  const records: Partial<Identity>[] = [];
  const strict = new RunIdentity(known, false, (identity) => records.push(identity));
  strict.confirm(known);
  assert.equal(records.length, 0);
  assert.throws(
    () => strict.confirm({ device: 'cuda' }),
    (error) => error instanceof UsageError && /cpu, found is cuda/.test(error.message),
  );
  new RunIdentity(known, true, (identity) => records.push(identity)).confirm({ device: 'cuda' });
  assert.deepEqual(records, [{ ...known, device: 'cuda' }]);
});

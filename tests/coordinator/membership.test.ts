import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENCE_MS, silentMembers } from '../../coordinator/training/membership.js';
import { type Identity, RunIdentity } from '../../coordinator/run/identity.js';
import { UsageError } from '../../common/errors.js';

const member = (lastHeard: number, present = true) => ({ present, silence: (now: number) => now - lastHeard });

test('a member that was heard of within the deadline stays, one that was not is lost, one that left is not lost again', () => {
  const now = 100_000;
  const [alive, silent, gone] = [member(now - SILENCE_MS), member(now - SILENCE_MS - 1), member(0, false)];
  assert.deepEqual(silentMembers([alive, silent, gone], now), [silent]);
});

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

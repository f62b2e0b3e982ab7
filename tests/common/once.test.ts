import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialisedOnce } from '../../common/rpc/once.js';

type Service = Parameters<typeof serialisedOnce>[0];

const identity = (bytes: Buffer) => bytes;
const method = (serialise: (message: { text: string }) => Buffer) => ({
  ...{ path: '/', requestStream: true, responseStream: true },
  ...{ requestSerialize: serialise, requestDeserialize: identity, responseDeserialize: identity },
  responseSerialize: serialise,
});

function counting() {
  const told: string[] = [];
  const service: Service = {
    Many: method(({ text }) => {
      told.push(text);
      if (text === '') throw new Error('nothing to say');
      return Buffer.from(text);
    }),
    Other: method(({ text }) => Buffer.from(text)),
  };
  return { told, service, say: serialisedOnce(service, 'Many')['Many']?.responseSerialize as (m: object) => Buffer };
}

test('a message to many is serialised once, and every other one anew', () => {
  const { told, say } = counting();
  const [commit, twin] = [{ text: 'commit' }, { text: 'commit' }];
  for (let member = 0; member < 3; member += 1) assert.equal(say(commit).toString(), 'commit');
  assert.deepEqual(told, ['commit']);
  assert.equal(say(twin).toString(), 'commit');
  assert.equal(say({ text: 'stop' }).toString(), 'stop');
  assert.equal(say(commit).toString(), 'commit');
  assert.deepEqual(told, ['commit', 'commit', 'stop', 'commit']);
});

test('a message that cannot be serialised fails every time, and the one after it is not taken for it', () => {
  const { say } = counting();
  const empty = { text: '' };
  assert.throws(() => say(empty), /nothing to say/);
  assert.throws(() => say(empty), /nothing to say/);
  assert.equal(say({ text: 'commit' }).toString(), 'commit');
});

test('only the method that is named is changed, and none where there is none', () => {
  const { service } = counting();
  const changed = serialisedOnce(service, 'Many');
  assert.equal(changed['Other'], service['Other']);
  assert.notEqual(changed['Many'], service['Many']);
  assert.equal(serialisedOnce(service, 'Absent'), service);
});

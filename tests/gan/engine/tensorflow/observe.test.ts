import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineCallBegins, engineCallEnds } from '../../../../common/observation.js';
import { type AddonCalls, observed } from '../../../../gan/engine/tensorflow/observe.js';

/** Numbers tensors from 1 on; every op gives one of shape [2, 2], of four float32. */
function addon(): AddonCalls & { readonly version: string } {
  let id = 0;
  // Read-only, as the real one's are.
  return Object.freeze({
    version: '1',
    createTensor: () => ++id,
    deleteTensor: () => {},
    tensorDataSync: () => new Float32Array(4),
    executeOp: (op: string) => {
      if (op === 'Fails') throw new Error('no such op');
      return [{ id: ++id, shape: [2, 2] }];
    },
  });
}

test('where nobody listens the addon stays what it is; a listener hears of every call, with shapes and bytes', () => {
  const plain = addon();
  assert.equal(observed(plain), plain);

  const heard: unknown[] = [];
  engineCallBegins.listen(({ name }) => heard.push(`begins ${name}`));
  engineCallEnds.listen((call) => heard.push({ ...call }));
  const wrapped = observed(plain);
  assert.equal(wrapped.version, '1');

  const a = wrapped.createTensor([2, 3], 1, new Float32Array(6));
  const [product] = wrapped.executeOp('MatMul', [], [a, a], 1);
  assert.equal((wrapped.tensorDataSync(product?.id ?? 0) as Float32Array).length, 4);
  assert.throws(() => wrapped.executeOp('Fails', [], [], 1), /no such op/);
  assert.deepEqual(heard, [
    'begins upload',
    { kind: 'upload', name: 'upload', shapes: [[2, 3]], bytes: 24 },
    'begins MatMul',
    {
      kind: 'op',
      name: 'MatMul',
      shapes: [
        [2, 3],
        [2, 3],
      ],
      bytes: 0,
    },
    'begins read',
    { kind: 'read', name: 'read', shapes: [[2, 2]], bytes: 16 },
    'begins Fails',
    { kind: 'op', name: 'Fails', shapes: [], bytes: 0 },
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ahead } from '../../worker/roles/ahead.js';

function work() {
  const state = { disposed: 0 };
  return { state, [Symbol.dispose]: () => void (state.disposed += 1) };
}
const AT = { epoch: 2, step: 7, branch: 0 };

test('what was begun of a step is handed out once, for that step, and is its taker’s from then on', () => {
  const [ahead, begun] = [new Ahead<ReturnType<typeof work>>(), work()];
  ahead.begin(AT, begun);
  assert.equal(ahead.take({ ...AT }), begun);
  assert.equal(ahead.take(AT), undefined);
  ahead[Symbol.dispose]();
  assert.equal(begun.state.disposed, 0);
});

for (const other of [{ epoch: 3 }, { step: 8 }, { branch: 1 }]) {
  test(`what was begun is dropped when another ${Object.keys(other)[0]} begins`, () => {
    const [ahead, begun] = [new Ahead<ReturnType<typeof work>>(), work()];
    ahead.begin(AT, begun);
    assert.equal(ahead.take({ ...AT, ...other }), undefined);
    assert.equal(begun.state.disposed, 1);
    assert.equal(ahead.take(AT), undefined);
  });
}

test('what was begun before is dropped when something else is begun, and when the role is dropped', () => {
  const ahead = new Ahead<ReturnType<typeof work>>();
  const [first, second] = [work(), work()];
  ahead.begin(AT, first);
  ahead.begin({ ...AT, step: 8 }, second);
  assert.deepEqual([first.state.disposed, second.state.disposed], [1, 0]);
  ahead[Symbol.dispose]();
  ahead[Symbol.dispose]();
  assert.equal(second.state.disposed, 1);
});

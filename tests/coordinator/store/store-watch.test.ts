import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import type { StoreLag } from '../../../coordinator/store/run-store.js';
import type { Run } from '../../../coordinator/training/run.js';
import { StoreWatch } from '../../../coordinator/training/store-watch.js';
import { until } from '../../support/runs/run.js';

const NONE: StoreLag = { writes: 0, seconds: 0, reason: '' };
const STORE = 'nats://nats:4222';

/** A run with a store that is as far behind as the test says. */
function watched() {
  const said: string[] = [];
  const events: RunEvent[] = [];
  const store = { lag: NONE };
  const run = {
    settings: { store: STORE, storeLag: 300 },
    lag: () => store.lag,
    journal: { event: (event: RunEvent) => events.push(event) },
  } as unknown as Run;
  const watch = new StoreWatch(run, (reason) => said.push(reason));
  return { watch, store, said, events };
}

const pending = async (promise: Promise<void>) =>
  await Promise.race([promise.then(() => false), new Promise<true>((resolve) => setImmediate(() => resolve(true)))]);

test('a store that is behind by less than --store-lag is told of and holds up nothing; once it is back, for how long', async () => {
  const { watch, store, said, events } = watched();
  using _watch = watch;
  store.lag = { writes: 90, seconds: 12.4, reason: 'it does not answer' };
  await watch.room(1, new AbortController().signal);
  await until('the event', () => events.length > 0);
  assert.deepEqual(events, [{ event: 'store-behind', seconds: 12, writes: 90, reason: 'it does not answer' }]);
  store.lag = { writes: 900, seconds: 299, reason: 'it does not answer' };
  await watch.room(1, new AbortController().signal);
  store.lag = NONE;
  const back = await until('its end', () => events[1]);
  assert.equal(back.event, 'store-caught-up');
  assert.ok('milliseconds' in back && back.milliseconds >= 12_000 && back.milliseconds < 20_000, JSON.stringify(back));
  assert.equal('pausedMs' in back && back.pausedMs, 0);
  assert.deepEqual(said, []);
});

test('beyond --store-lag the training waits, with the reason, until the store has all there is', async () => {
  const { watch, store, said, events } = watched();
  using _watch = watch;
  store.lag = { writes: 9000, seconds: 301, reason: 'no connection (ECONNREFUSED)' };
  const room = watch.room(7, new AbortController().signal);
  assert.equal(await pending(room), true);
  assert.deepEqual(said, [
    `the training waits for the store ${STORE}, which is 301 s behind (--store-lag 300): no connection (ECONNREFUSED)`,
  ]);
  assert.equal(watch.paused, said[0]);
  await until('that it is told', () => events.length > 0);
  store.lag = { writes: 3, seconds: 2, reason: '' };
  assert.equal(await pending(room), true, 'one that is only just back is not given more');
  store.lag = NONE;
  await room;
  assert.deepEqual([said.length, said[1], watch.paused], [2, '', '']);
  const back = await until('its end', () => events[1]);
  assert.ok('pausedMs' in back && back.pausedMs > 0, JSON.stringify(back));
});

test('a wish to stop ends the wait', async () => {
  const { watch, store } = watched();
  using _watch = watch;
  const stop = new AbortController();
  store.lag = { writes: 9000, seconds: 301, reason: '' };
  const room = watch.room(1, stop.signal);
  assert.equal(await pending(room), true);
  assert.match(watch.paused, /: it is slower than the training$/);
  stop.abort('SIGTERM');
  await room;
  await watch.room(1, stop.signal);
});

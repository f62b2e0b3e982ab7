import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Log } from '../../../common/log/log.js';
import { ComputeFaults } from '../../../worker/faults/compute-faults.js';
import { FaultMaker } from '../../../worker/faults/fault-maker.js';
import { Relays } from '../../../worker/faults/relays.js';

const FAULT = { kind: '', role: 'generator-1', peer: '', atStep: 0, milliseconds: 0, delayMs: 0 };

function milliseconds(action: () => void): number {
  const since = performance.now();
  action();
  return performance.now() - since;
}

test('a NaN is made once, in the data that is asked about next', () => {
  const faults = new ComputeFaults();
  const data = () => Float32Array.of(1, 2, 3);
  assert.deepEqual(faults.poison(data()), data());
  faults.nan();
  assert.deepEqual(faults.poison(new Float32Array(0)), new Float32Array(0), 'nothing to spoil: it waits');
  assert.deepEqual(faults.poison(data()), Float32Array.of(Number.NaN, 2, 3));
  assert.deepEqual(faults.poison(data()), data());
});

test('every phase is slower by so much, for so long', () => {
  const faults = new ComputeFaults();
  faults.slow(50, 120);
  const slowed = milliseconds(() => faults.pace());
  assert.ok(slowed >= 49, `a phase took ${slowed} ms`);
  const since = performance.now();
  while (performance.now() - since < 120) faults.pace();
  faults.pace();
  assert.equal(faults.delayMs, 0, 'it is over');
  faults.slow(50, 0);
  for (let i = 0; i < 3; i += 1) assert.ok(milliseconds(() => faults.pace()) >= 49);
});

test('a fault asked for in another thread is there at once', async () => {
  const faults = new ComputeFaults();
  const module = new URL('../../../worker/faults/compute-faults.js', import.meta.url).href;
  const code = `
    const { workerData } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ ComputeFaults }) => {
      const faults = new ComputeFaults(workerData);
      faults.nan();
      faults.slow(60, 60000);
    });`;
  const thread = new Worker(code, { eval: true, workerData: faults.shared });
  const [exitCode] = (await once(thread, 'exit')) as [number];
  assert.equal(exitCode, 0);
  assert.ok(Number.isNaN(faults.poison(new Float32Array(1))[0]));
  assert.ok(milliseconds(() => faults.pace()) >= 59);
});

test('a worker without --allow-chaos makes no fault, and one with it refuses what it does not know', async () => {
  const compute = new ComputeFaults();
  const said: string[] = [];
  const log: Log = (_level, _event, text) => void said.push(text);
  const closed = new FaultMaker({ allowed: false, relays: await Relays.open(false), compute, log });
  closed.make({ ...FAULT, kind: 'nan' });
  assert.match(said.join('\n'), /^refused to make a fault \(nan\): this worker was started without --allow-chaos$/);
  assert.equal(compute.poison(new Float32Array(1))[0], 0);

  said.length = 0;
  const open = new FaultMaker({ allowed: true, relays: await Relays.open(true), compute, log });
  open.make({ ...FAULT, kind: 'earthquake' });
  open.make({ ...FAULT, kind: 'partition', peer: 'generator-2' });
  open.make({ ...FAULT, kind: 'nan' });
  assert.deepEqual(
    said.filter((line) => line.startsWith('cannot')),
    [
      "cannot make the fault: this worker knows no fault 'earthquake'",
      "cannot make the fault: this worker has no connection of its own to 'generator-2'",
    ],
  );
  assert.ok(Number.isNaN(compute.poison(new Float32Array(1))[0]));
});

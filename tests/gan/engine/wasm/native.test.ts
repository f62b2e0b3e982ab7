import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Played } from '../../../support/numbers/play-main.js';

/**
 * The preset in full size, on MNIST. Rounding grows there: a leaky ReLU whose input is near 0 takes the other slope, and
 * Adam's first steps have the size of the learning rate whatever the gradient's. The native engine differs from itself,
 * with one thread and with two, by what `own` says; wasm may differ from it by a few times as much.
 */
const PLAY = fileURLToPath(new URL('../../../support/numbers/play-main.js', import.meta.url));
const TIMES_OWN = 5;

interface Three {
  native: Played;
  /** With two threads, which sum in another order. */
  other: Played;
  wasm: Played;
}

async function play(engine: string, steps: number): Promise<Played> {
  const config = JSON.stringify({ steps, seed: 3 });
  const { stdout } = await promisify(execFile)(process.execPath, [PLAY, engine, config], { maxBuffer: 1 << 30 });
  return JSON.parse(stdout) as Played;
}

async function playThree(steps: number): Promise<Three> {
  return {
    native: await play('tensorflow', steps),
    other: await play('tensorflow-2', steps),
    wasm: await play('wasm', steps),
  };
}

/** The largest difference, relative to the largest value. */
function difference(found: readonly number[], expected: readonly number[]): number {
  assert.equal(found.length, expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? Number.NaN))), 0) / scale;
}

function assertNear({ native, other, wasm }: Three, least: number, which: (name: string) => boolean): void {
  const names = Object.keys(native.arrays).filter(which);
  assert.ok(names.length > 10);
  for (const name of names) {
    const expected = native.arrays[name] ?? [];
    const own = difference(other.arrays[name] ?? [], expected);
    const ours = difference(wasm.arrays[name] ?? [], expected);
    assert.ok(ours <= Math.max(least, TIMES_OWN * own), `${name}: ${ours}, the native engine's own ${own}`);
  }
}

let [one, ten] = [] as unknown as [Three, Three];

before(async () => {
  [one, ten] = [await playThree(1), await playThree(10)];
});

test("every gradient of every network in the preset's size is the native engine's", () => {
  // Adam's first moment after one update is the gradient times 1 - beta1.
  assertNear(one, 1e-4, (name) => name.includes('/adam/m/'));
});

test("after ten steps of it every weight and moment is, and so were the steps' losses and verdicts", () => {
  assertNear(ten, 1e-3, () => true);
  for (const [i, step] of ten.wasm.steps.entries()) {
    const expected = ten.native.steps[i] as Played['steps'][number];
    for (const key of ['discriminatorLoss', 'averageGeneratorLoss'] as const)
      assert.ok(Math.abs(step[key] - expected[key]) < 1e-4, `step ${i + 1}, ${key}: ${step[key]}, ${expected[key]}`);
    assert.deepEqual(step.counts, expected.counts, `verdicts of step ${i + 1}`);
  }
});

test('wasm gives the same bits again', async () => {
  assert.deepEqual(await play('wasm', 10), ten.wasm);
});

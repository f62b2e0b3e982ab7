import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Silence } from '../../../coordinator/cli/start/silence.js';
import { whyWaiting } from '../../../coordinator/training/crew/waiting.js';

test('a long wait is told once, and again when its reason changes; a short one is not', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const told: [number, string][] = [];
  using silence = new Silence(
    (text) => void told.push([now, text]),
    () => now,
  );
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds * 2; i += 1) {
      now += 500;
      t.mock.timers.tick(500);
    }
  };
  silence.waiting('waiting for 2 of 3 workers (discriminator, generator-1)');
  pass(4);
  assert.deepEqual(told, []);
  pass(60);
  silence.waiting('waiting for 1 of 3 workers (generator-1)');
  pass(60);
  silence.waiting('');
  silence.expect(1);
  pass(4);
  silence.expect(2);
  pass(20);
  silence.expect(3);
  pass(4);
  silence.broken();
  silence.expect(undefined);
  pass(100);
  assert.deepEqual(told, [
    [5000, 'waiting for 2 of 3 workers (discriminator, generator-1)'],
    [64_500, 'waiting for 1 of 3 workers (generator-1)'],
    [133_000, 'step 2 has taken more than 5 s so far'],
  ]);
});

test('what is waited for are workers first, then their getting ready, then nothing', () => {
  const roles = ['discriminator', 'generator-1', 'generator-2'];
  const why = (vacant: string[], ready: string[]) => whyWaiting(roles, vacant, new Set(ready));
  assert.equal(why(roles, []), 'waiting for 3 of 3 workers (discriminator, generator-1, generator-2)');
  assert.equal(why(['generator-2'], ['discriminator']), 'waiting for 1 of 3 workers (generator-2)');
  assert.equal(why([], ['discriminator']), 'waiting until generator-1, generator-2 can begin');
  assert.equal(why([], roles), '');
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent } from '../../coordinator/run/journal/journal.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { coordinator, readJournal, until } from '../support/runs/run.js';
import { joinByHand } from '../support/wire/control-peer.js';

const OPTIONS = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--steps', '100000', '--evaluate-every', '0'];

test('a worker that gets SIGTERM tells the coordinator that it leaves, ends within seconds, and its role goes to another', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const events = () => readJournal<RunEvent>(out, 'events.jsonl');
  await using run = coordinator(['start', '--placement', 'external', '--port', '0', '--out', out, ...OPTIONS]);
  const started = await until('it to listen', () => events().find(({ event }) => event === 'run-started'));
  assert.ok(started.event === 'run-started');
  const joined = () => joinByHand(started.address, join(out, 'token'));
  using first = joined();
  using _second = joined();
  using _third = joined();
  await until('steps', () => readJournal(out, 'metrics.jsonl').length >= 5);

  const ended = once(first.child, 'exit');
  const since = performance.now();
  first.child.kill('SIGTERM');
  const [code] = (await ended) as [number | null];
  const seconds = (performance.now() - since) / 1000;
  assert.equal(code, 130, first.stderr());
  assert.ok(seconds < 5, `it took ${seconds} s`);
  const pid = first.child.pid ?? 0;
  const lost = await until('its loss', () =>
    events().find((event) => event.event === 'worker-lost' && event.worker.endsWith(`/${pid}`)),
  );
  assert.ok(lost.event === 'worker-lost');
  assert.deepEqual([lost.cause, lost.reason], ['left', 'the worker got SIGTERM']);

  using _fourth = joined();
  const before = readJournal(out, 'metrics.jsonl').length;
  await until('more steps', () => readJournal(out, 'metrics.jsonl').length > before + 5);
  run.child.kill('SIGTERM');
  assert.equal((await run.ended).code, 130);
});

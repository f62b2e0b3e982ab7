import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { NO_TERMINAL, onTerminal } from '../../support/machine/terminal.js';
import { newestOf } from '../../support/runs/events.js';
import { TINY } from '../../support/runs/faults.js';
import { logLines, plainLines, workerLogs } from '../../support/runs/log.js';
import { COORDINATOR, addressOf, coordinator, readJournal, startRun, until } from '../../support/runs/run.js';
import { WORKER, joinByHand } from '../../support/wire/control-peer.js';

const SMALL = [...TINY, '--evaluate-every', '0'];
/** What is logged and is no event of the run. */
const LOG_ONLY = ['waiting', 'log-level-changed', 'step-committed'];

/** Collects a process's stderr from now on. */
function listen(child: { stderr: NodeJS.ReadableStream | null }): () => string {
  let text = '';
  child.stderr?.on('data', (part: Buffer | string) => (text += String(part)));
  return () => text;
}

test('the log of a run with a killed worker: JSON lines, the events by their names and in their order, each loss once, no secret', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['--steps', '150', '--port', '0', '--log-level', 'debug', '--out', out, ...SMALL];
  await using run = coordinator(['start', ...args]);
  await until('10 steps', () => readJournal(out, 'metrics.jsonl').length >= 10);
  const events = () => readJournal<RunEvent>(out, 'events.jsonl');
  const victim = events().find((event) => event.event === 'role-assigned' && event.role === 'generator-1');
  assert.ok(victim?.event === 'role-assigned');
  process.kill(Number(victim.worker.split('/').at(-1)), 'SIGKILL');
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);

  assert.deepEqual(plainLines(stderr), [], 'nothing but the log');
  const lines = logLines(stderr);
  const logged = lines.filter(({ event }) => !LOG_ONLY.includes(event));
  assert.deepEqual(
    logged.map(({ event }) => event),
    events().map(({ event }) => event),
  );
  for (const [index, { time: _, event: _name, ...data }] of (events() as (RunEvent & { time: string })[]).entries()) {
    assert.deepEqual(logged[index]?.data, data, 'with all that the event says');
  }
  assert.ok(lines.every((line) => line.role === 'coordinator' && line.run === 'run'));
  const lost = lines.filter(({ event }) => event === 'worker-lost');
  assert.equal(lost.length, 1);
  assert.match(lost[0]?.msg ?? '', /the worker of generator-1, was lost \(crashed\): .*signal SIGKILL/);
  assert.equal(lost[0]?.level, 'warn');
  const recovered = lines.find(({ event }) => event === 'recovered');
  assert.deepEqual([recovered?.epoch, recovered?.step], [2, (recovered?.data?.['step'] as number | undefined) ?? -1]);
  assert.deepEqual([lines.at(-1)?.event, lines.at(-1)?.step], ['run-finished', 150]);

  const waits = lines.filter(({ event }) => event === 'waiting').map(({ msg }) => msg);
  assert.ok(waits.includes('waiting for 1 of 3 workers (generator-1)'), waits.join('\n'));
  assert.ok(
    waits.every((wait, index) => wait !== waits[index - 1]),
    waits.join('\n'),
  );

  const workers = workerLogs(out);
  const all = workers.flatMap(logLines);
  for (const role of ['discriminator', 'generator-1', 'generator-2']) {
    assert.ok(all.some((line) => line.role === role && line.event === 'role-ready' && line.run === 'run'));
  }
  const back = all.filter(({ event }) => event === 'going-back');
  assert.deepEqual(back.map(({ role }) => role).sort(), ['discriminator', 'generator-2'], 'who was left, once');
  assert.ok(back.every(({ epoch }) => epoch === 2));
  assert.equal(all.filter(({ event }) => event === 'worker-ended').length, 3);

  const token = readFileSync(join(out, 'token'), 'utf8').trim();
  assert.match(token, /^[0-9a-f]{64}$/);
  for (const text of [stderr, ...workers]) assert.ok(!text.includes(token), 'the join token is in no log');
});

test('what is waited for is logged once for each change, however long it lasts; SIGUSR2 takes the level to debug and back', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['--placement', 'external', '--steps', '100000', '--port', '0', '--out', out, ...SMALL];
  await using run = coordinator(['start', ...args]);
  const text = listen(run.child);
  const address = await addressOf(out);
  const waits = () => logLines(text()).flatMap(({ event, msg }) => (event === 'waiting' ? [msg] : []));
  const all = ['waiting for 3 of 3 workers (discriminator, generator-1, generator-2)'];
  await until('the first wait', () => waits().length > 0);
  // For many ticks of everything that looks at the run.
  await sleep(3000);
  assert.deepEqual(waits(), all);

  const changes = () => logLines(text()).filter(({ event }) => event === 'log-level-changed');
  run.child.kill('SIGUSR2');
  await until('debug', () => changes().length === 1);
  using first = joinByHand(address, join(out, 'token'));
  await until('the second wait', () => waits().length > 1);
  run.child.kill('SIGUSR2');
  await until('info', () => changes().length === 2);
  assert.deepEqual(
    changes().map(({ msg }) => msg),
    ['SIGUSR2: log level debug, was info', 'SIGUSR2: log level info, was debug'],
  );
  assert.deepEqual(waits().slice(1), ['waiting for 2 of 3 workers (generator-1, generator-2)']);
  run.child.kill('SIGTERM');
  const { code, stderr } = await run.ended;
  assert.equal(code, 130, stderr);
  assert.ok(logLines(stderr).some(({ event, msg }) => event === 'stop-requested' && msg.endsWith('SIGTERM')));
  if (first.child.exitCode === null) first.child.kill('SIGKILL');
});

test('SIGUSR2 to a worker changes the level of both its threads, and a lost coordinator is told once for each reason', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['--placement', 'external', '--steps', '100000', '--port', '0', '--out', out, ...SMALL];
  await using run = coordinator(['start', ...args]);
  const address = await addressOf(out);
  const join_ = ['join', '--coordinator', address, '--token-file', join(out, 'token'), '--log-level', 'error'];
  const worker = spawn(process.execPath, [WORKER, ...join_], { stdio: ['ignore', 'ignore', 'pipe'] });
  const text = listen(worker);
  try {
    const events = () => readJournal<RunEvent>(out, 'events.jsonl');
    await until('its role is ready', () => newestOf(events(), 'role-ready'));
    assert.deepEqual(logLines(text()), [], 'joined and ready are no errors');
    worker.kill('SIGUSR2');
    await until('debug', () => logLines(text()).some(({ event }) => event === 'log-level-changed'));
    run.child.kill('SIGKILL');
    const missing = () => logLines(text()).filter(({ event }) => event === 'coordinator-missing');
    await until('the network thread says that the coordinator is gone', () => missing().length > 0);
    // Several tries to reach it.
    await sleep(2000);
    const told = missing().map(({ msg }) => msg);
    assert.equal(new Set(told).size, told.length, 'each reason once: the connection broke, and nobody listens there');
    assert.ok(told.length <= 2, told.join('\n'));
    assert.match(told[0] ?? '', /the coordinator at .*: looking for it for up to 60 s$/);
    worker.kill('SIGTERM');
    await once(worker, 'close');
    assert.equal(worker.exitCode, 130, text());
    const last = logLines(text()).at(-1);
    assert.deepEqual([last?.event, last?.msg], ['worker-ended', 'the worker got SIGTERM'], 'the compute thread');
    assert.equal(last?.role, 'discriminator');
  } finally {
    worker.kill('SIGKILL');
  }
});

test('--log-level, or logLevel in the config file, says how much: silent nothing, warn only what somebody may want to look at', async () => {
  await using scratch = scratchFolder();
  const short = ['--steps', '2', ...SMALL];
  const silent = await startRun(join(scratch.path, 'silent'), '--log-level', 'silent', ...short);
  assert.deepEqual([silent.code, silent.stderr], [0, '']);
  assert.deepEqual(workerLogs(join(scratch.path, 'silent')).flatMap(logLines), [], 'the workers, too');
  const config = scratch.write('run.yaml', 'logLevel: warn\n');
  const warn = await startRun(join(scratch.path, 'warn'), '--config', config, ...short);
  assert.deepEqual([warn.code, warn.stderr], [0, '']);
  const wrong = await startRun(join(scratch.path, 'wrong'), '--log-level', 'loud', ...short);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^error: --log-level "loud" is not possible: choose one of trace, debug, info, .*\n$/);
});

test(
  'on a terminal nothing is logged unless it is asked for, and then for the eye: no JSON',
  { skip: NO_TERMINAL },
  async () => {
    await using scratch = scratchFolder();
    const shown = (name: string, ...args: string[]) => {
      const command = [process.execPath, COORDINATOR, 'start', '--port', '0', '--out', join(scratch.path, name)];
      const { status, stdout } = onTerminal([...command, '--steps', '2', ...SMALL, ...args]);
      assert.equal(status, 0, stdout);
      return stdout;
    };
    assert.doesNotMatch(shown('quiet'), /INFO|joined|\{/);
    const asked = shown('asked', '--log-level', 'info');
    assert.match(asked, /INFO.*coordinator step 0: the run began: 3 workers/);
    assert.match(asked, /coordinator step 2: the run finished at step 2/);
    assert.doesNotMatch(asked, /[{}]|"msg"/);
  },
);

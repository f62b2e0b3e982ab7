/** A run that is declared for good, as a cluster does: the same command again and again, whatever there is of the run by then. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../support/machine/scratch.js';
import { samplesOf, scrape } from '../../support/monitoring/scrape.js';
import { TINY } from '../../support/runs/faults.js';
import { ROLES, coordinator, readCheckpoint, readJournal, startRun, statusOf, until } from '../../support/runs/run.js';

const SMALL = [...TINY, '--evaluate-every', '0'];
const weights = (out: string, step: number) => ROLES.map((role) => readCheckpoint(out, step, role).toString('base64'));

test('--continue starts a run, goes on with it after a kill, shows it when it is over, and the bits are those of one start', async () => {
  await using scratch = scratchFolder();
  const [out, undisturbed] = [join(scratch.path, 'run'), join(scratch.path, 'undisturbed')];
  const args = [...SMALL, '--checkpoint-every', '20'];
  const declared = (steps: string, ...more: string[]) =>
    startRun(out, '--continue', '--steps', steps, ...args, ...more);
  {
    await using first = coordinator(['start', '--port', '0', '--continue', '--out', out, '--steps', '400', ...args]);
    await until('a checkpoint', () => readJournal(out, 'metrics.jsonl').length > 25);
    first.child.kill('SIGKILL');
    await first.ended;
  }
  const second = await declared('400');
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /resumed +from step (?!0\b)\d+\n/);
  const events = readJournal(out, 'events.jsonl');
  const third = await declared('400');
  assert.equal(third.code, 0, third.stderr);
  assert.match(third.stdout, /done: the run had come to its last step, 400; give a larger --steps to go on\n/);
  assert.deepEqual(readJournal(out, 'events.jsonl'), events);
  const fourth = await declared('420');
  assert.equal(fourth.code, 0, fourth.stderr);
  assert.equal((await startRun(undisturbed, '--steps', '420', ...args)).code, 0);
  assert.deepEqual(weights(out, 420), weights(undisturbed, 420));

  for (const [more, reason] of [
    [
      ['--batch', '32'],
      /^error: --batch 32 is not what the run has \(16\): put it back, or start another run with another --out\n$/,
    ],
    [['--workers', '4'], /^error: --generators 3 is not what the run has \(2\)/],
    [['--seed', '2'], /^error: --seed 2 is not what the run has \(1\)/],
  ] as const) {
    const refused = await declared('420', ...more);
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, reason);
  }
});

test('--continue takes a folder that a killed start left without a run, and none with something else in it', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  for (const folder of ['samples', 'checkpoints', 'logs']) mkdirSync(join(out, folder), { recursive: true });
  writeFileSync(join(out, 'lease.1.json'), '');
  writeFileSync(join(out, 'metrics.jsonl'), '{"step":1}\n');
  writeFileSync(join(out, 'notes.txt'), 'mine');
  const refused = await startRun(out, '--continue', '--steps', '3', ...SMALL);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /is not empty: choose another --out\n$/);
  assert.equal(readFileSync(join(out, 'metrics.jsonl'), 'utf8'), '{"step":1}\n', 'nothing is lost');
  rmSync(join(out, 'notes.txt'));
  const { code, stderr } = await startRun(out, '--continue', '--steps', '3', ...SMALL);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    readJournal<{ step: number }>(out, 'metrics.jsonl').map(({ step }) => step),
    [1, 2, 3],
  );
  for (const [args, reason] of [
    [
      ['--continue'],
      /^error: --continue starts the run of --out DIR, or goes on with it if it is there already: name it by --out/,
    ],
    [['--continue', '--resume', out], /^error: --continue starts the run of --out DIR/],
  ] as const) {
    await using wrong = coordinator(['start', ...args, ...SMALL]);
    const ended = await wrong.ended;
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, reason);
  }
});

test('--stay keeps the page and the metrics after the end, and of a run that was over, until SIGTERM: exit code 0', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = [
    'start',
    '--port',
    '0',
    '--page-port',
    '0',
    '--metrics-port',
    '0',
    '--out',
    out,
    '--continue',
    '--stay',
  ];
  for (const [again, state] of [
    [false, 'started'],
    [true, 'over'],
  ] as const) {
    await using run = coordinator([...args, '--steps', '60', ...SMALL]);
    let stdout = '';
    run.child.stdout?.on('data', (part: string) => (stdout += part));
    await until('its last word', () => stdout.includes('until this is told to end (--stay)'));
    const [, origin = ''] = /^metrics +(http:\S+)\/metrics$/m.exec(stdout) ?? [];
    const [, page = ''] = /^live page +(http:\S+)$/m.exec(stdout) ?? [];
    assert.equal((await fetch(`${origin}/readyz`)).status, 200, state);
    const samples = samplesOf(await scrape(new URL(origin).host));
    const current = samples.filter(({ name, value }) => name === 'duet_run_state' && value === 1);
    assert.deepEqual(
      current.map(({ labels }) => labels['state']),
      ['finished'],
      state,
    );
    assert.equal(samples.find(({ name }) => name === 'duet_step')?.value, 60);
    assert.equal(samples.find(({ name }) => name === 'duet_store_lag_seconds')?.value, 0);
    const shown = (await (await fetch(`${page}/api/run`)).json()) as { state: string; step: number };
    assert.deepEqual([shown.state, shown.step], ['finished', 60], state);
    assert.equal(statusOf(out)?.state, 'finished');
    run.child.kill('SIGTERM');
    const ended = await run.ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(stdout.includes('the run had come to its last step, 60'), again);
  }
});

test('--token-file is the join token, and is no file of the run; one that nobody would call a secret is refused', async () => {
  await using scratch = scratchFolder();
  const [out, token] = [join(scratch.path, 'run'), join(scratch.path, 'token')];
  const secret = '0123456789abcdef0123456789abcdef';
  writeFileSync(token, `${secret}\n`);
  const { code, stderr } = await startRun(out, '--token-file', token, '--steps', '3', ...SMALL);
  assert.equal(code, 0, stderr);
  assert.equal(existsSync(join(out, 'token')), false);
  assert.ok(!readFileSync(join(out, 'config.json'), 'utf8').includes(secret));
  for (const [text, reason] of [
    [
      'short',
      /^error: --token-file \S+ holds no join token: it takes at least 32 printable characters without a space/,
    ],
    [`${secret} ${secret}`, /holds no join token/],
  ] as const) {
    writeFileSync(token, text);
    const refused = await startRun(join(scratch.path, 'other'), '--token-file', token, '--steps', '3', ...SMALL);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, reason);
    assert.ok(!refused.stderr.includes(secret));
    assert.equal(existsSync(join(scratch.path, 'other')), false, 'nothing is left of it');
  }
  const missing = await startRun(join(scratch.path, 'other'), '--token-file', join(scratch.path, 'none'), ...SMALL);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^error: cannot read the token file/);
});

test('a store that is none is refused, and nothing is left of the start', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const { code, stderr } = await startRun(out, '--store', 'redis://localhost', '--steps', '3', ...SMALL);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^error: --store redis:\/\/localhost is not possible: choose file, nats:\/\/HOST:PORT or tls:\/\/HOST:PORT\n$/,
  );
  assert.equal(existsSync(out), false);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunView } from '../../../coordinator/view/run-view.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { CLEAR, NO_TERMINAL, onTerminal } from '../../support/machine/terminal.js';
import { TINY } from '../../support/runs/faults.js';
import {
  COORDINATOR,
  type Ended,
  addressOf,
  coordinator,
  readJournal,
  startRun,
  statusOf,
  until,
} from '../../support/runs/run.js';

const SMALL = ['--port', '0', ...TINY];

async function status(args: readonly string[], cwd?: string): Promise<Ended> {
  await using command = coordinator(['status', ...args], cwd === undefined ? {} : { cwd });
  return await command.ended;
}

async function viewOf(out: string): Promise<RunView> {
  const { code, stdout, stderr } = await status(['--run', out, '--json']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^[^\n]*\n$/, 'one object on one line');
  return JSON.parse(stdout) as RunView;
}

test('a live run, watched to its end: exit code 0 with it; then it is shown as finished, also without naming it', async () => {
  await using scratch = scratchFolder();
  const cwd = join(scratch.path, 'cwd');
  mkdirSync(cwd);
  const out = join(cwd, 'runs', 'second');
  const before = await startRun(join(cwd, 'runs', 'first'), '--steps', '2', '--evaluate-every', '0', ...SMALL);
  assert.equal(before.code, 0, before.stderr);

  const args = ['--steps', '300', '--evaluate-every', '100', '--out', out, ...SMALL];
  await using run = coordinator(['start', ...args]);
  await until('10 steps', () => readJournal(out, 'metrics.jsonl').length >= 10);
  await using watching = coordinator(['status', '--watch', '--run', out]);
  await using listing = coordinator(['status', '--watch', '--json', '--run', out]);
  const live = await viewOf(out);
  assert.ok(live.live && live.step >= 10 && live.step < 300, JSON.stringify(live));
  assert.deepEqual([live.id, live.state, live.steps, live.generators, live.epoch], ['second', 'training', 300, 2, 1]);
  assert.ok(live.stepMs > 0 && live.secondsLeft > 0);
  // Its coordinator was asked: only that knows them.
  assert.deepEqual(
    live.workers.map(({ role, state, device }) => [role, state, device]),
    ['discriminator', 'generator-1', 'generator-2'].map((role) => [role, 'ready', 'cpu']),
  );
  assert.ok(live.workers.every(({ residentBytes }) => residentBytes > 0));

  const trained = await run.ended;
  assert.equal(trained.code, 0, trained.stderr);
  const watched = await watching.ended;
  assert.deepEqual([watched.code, watched.stderr], [0, '']);
  assert.match(watched.stdout, /^run +second \(.*\n[^]*state +training, epoch 1\nstep +\d+ of 300 /);
  assert.match(watched.stdout, /\nrole +state +device [^]*\ngenerator-2 +ready +cpu /);
  assert.match(watched.stdout, /state +finished, epoch 1\nstep +300 of 300 \(100 %\)/);
  assert.ok(!watched.stdout.includes('\x1b'), 'no terminal, no control codes');
  const listed = (await listing.ended).stdout.trimEnd().split('\n');
  const views = listed.map((line) => JSON.parse(line) as RunView);
  assert.equal(views.at(-1)?.state, 'finished');
  assert.ok(views.every(({ step }, index) => step >= (views[index - 1]?.step ?? 0)));

  const { code, stdout } = await status([], cwd);
  assert.equal(code, 0);
  assert.match(stdout, /^run +second \(runs\/second\)\ntrains +pggan on ring8, 2 generators, batch 16, seed 1\n/);
  const newest = readJournal<{ discriminatorLoss: number }>(out, 'metrics.jsonl').at(-1);
  assert.ok(stdout.includes(`losses   D ${newest?.discriminatorLoss.toFixed(3)},`));
  assert.match(stdout, /\nquality +KID -?\d\.\d{4}, .* \(step 300\)\n/);
  assert.match(stdout, /ago +the run finished at step 300\n$/);
  assert.equal((await viewOf(out)).secondsLeft, 0);
});

test('a run whose coordinator was killed: nobody drives it, and how to go on; watching it ends with exit code 1', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--steps', '100000', '--out', out, ...SMALL]);
  await until('10 steps', () => readJournal(out, 'metrics.jsonl').length >= 10);
  await using watching = coordinator(['status', '--watch', '--run', out]);
  let seen = '';
  watching.child.stdout?.on('data', (part: string) => (seen += part));
  await until('a first look', () => seen.includes('training'));
  run.child.kill('SIGKILL');
  await run.ended;
  const watched = await watching.ended;
  assert.equal(watched.code, 1, watched.stderr);
  const { code, stdout } = await status(['--run', out]);
  assert.equal(code, 0);
  const pid = run.child.pid ?? 0;
  const gone = `nobody drives this run: its coordinator (process ${pid}) is gone; go on with npx coordinator start --resume `;
  for (const text of [watched.stdout, stdout]) assert.ok(text.includes(gone), text);
  assert.equal(statusOf(out)?.state, 'running', 'run.json does not know it');
  const view = await viewOf(out);
  assert.deepEqual([view.live, view.state], [false, 'failed']);
});

test("a live run's page is asked; where it does not answer, the files are, and that is said", async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['--placement', 'external', '--steps', '10', '--out', out, ...SMALL];
  await using run = coordinator(['start', ...args]);
  await addressOf(out);
  const told = {
    id: 'run',
    state: 'waiting',
    reason: 'waiting for 2 of 3 workers (generator-1, generator-2)',
    step: 0,
    epoch: 1,
    sinceCommitMs: 0,
    workers: [
      {
        role: 'discriminator',
        state: 'starting',
        worker: 'far/7',
        engine: '',
        device: '',
        phase: 'loading the engine',
        phaseMs: 700,
        heartbeatMs: 100,
        residentBytes: 5_000_000,
        metrics: '',
      },
    ],
  };
  const server = createServer((_request, response) => response.end(JSON.stringify(told)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = join(out, 'run.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), page }));
  const asked = await status(['--run', out]);
  assert.match(asked.stdout, /\nstate +waiting for 2 of 3 workers \(generator-1, generator-2\), epoch 1\n/);
  assert.match(asked.stdout, /\ndiscriminator +starting +- +loading the engine +700 ms +100 ms ago +5\.0 MB +far\/7\n/);
  assert.doesNotMatch(asked.stdout, /\nnote/);
  server.close();
  server.closeAllConnections();
  const alone = await status(['--run', out]);
  assert.equal(alone.code, 0);
  assert.match(
    alone.stdout,
    /\nnote +its coordinator does not answer at http:.*: this is what the files in its directory say\n/,
  );
  run.child.kill('SIGTERM');
  await run.ended;
});

test('what is no run gets a sentence and exit code 2', async () => {
  await using scratch = scratchFolder();
  scratch.write('empty/file', '');
  scratch.write('broken/config.json', '{');
  for (const [args, reason] of [
    [[], /there is no run in runs\/ here: name one with --run DIR/],
    [['--run', join(scratch.path, 'nowhere')], /nowhere does not exist: name a run directory/],
    [['--run', join(scratch.path, 'empty')], /empty holds no run/],
    [['--run', join(scratch.path, 'broken'), '--json'], /config\.json cannot be read: the run directory is damaged/],
    [['--run', join(scratch.path, 'broken'), '--watch'], /config\.json cannot be read: the run directory is damaged/],
  ] as const) {
    const { code, stdout, stderr } = await status(args, scratch.path);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /^error: [^\n]*\n$/);
    assert.match(stderr, reason);
  }
});

test(
  'on a terminal --watch draws in place, and Ctrl-C leaves it as it was, with exit code 130',
  { skip: NO_TERMINAL },
  async () => {
    await using scratch = scratchFolder();
    const out = join(scratch.path, 'run');
    await using run = coordinator(['start', '--placement', 'external', '--steps', '10', '--out', out, ...SMALL]);
    await addressOf(out);
    const command = [process.execPath, COORDINATOR, 'status', '--watch', '--run', out];
    const { status: code, stdout } = onTerminal(command, { interruptAfter: 2 });
    assert.equal(code, 130, stdout);
    const codes: string[] = stdout.match(/\x1b\[[?\d]*[A-Za-z]/g) ?? [];
    assert.equal(codes[0], '\x1b[?25l', 'the cursor goes');
    assert.equal(codes.at(-1), '\x1b[?25h', 'and comes back');
    const lines = stdout.split(CLEAR)[1]?.match(/\n/g)?.length ?? 0;
    assert.ok(codes.includes(`\x1b[${lines}A`), `${lines} lines are drawn over: ${JSON.stringify(stdout)}`);
    run.child.kill('SIGTERM');
    await run.ended;
  },
);

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { callMetadata, coordinationClient } from '../../../common/rpc.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { eventsNamed } from '../../support/runs/faults.js';
import { type Ended, addressOf, coordinator, readJournal, until } from '../../support/runs/run.js';
import { joinByHand } from '../../support/wire/control-peer.js';

const OPTIONS = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--port', '0', '--evaluate-every', '0'];

async function chaos(...args: string[]): Promise<Ended> {
  await using command = coordinator(['chaos', ...args]);
  return await command.ended;
}

function start(out: string, ...args: string[]) {
  return coordinator(['start', '--out', out, ...OPTIONS, ...args]);
}

function assertRefused({ code, stdout, stderr }: Ended, reason: RegExp): void {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^error: [^\n]*\n(\(.*\)\n)?$/);
  assert.match(stderr, reason);
}

test('wrong flags get a sentence with the value and the cure, and exit code 2', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, '--steps', '2');
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  const [none, token] = [join(scratch.path, 'none'), join(out, 'token')];
  const cases: [args: string[], reason: RegExp][] = [
    [['--fault', 'kill'], /say which run: --run DIR, or --coordinator HOST:PORT with --token-file FILE/],
    [['--run', none, '--fault', 'kill'], /does not exist/],
    [['--run', out, '--coordinator', '127.0.0.1:1', '--fault', 'kill'], /leave --coordinator, .* away/],
    [['--coordinator', '127.0.0.1:1', '--fault', 'kill'], /with --token-file/],
    [['--coordinator', 'nowhere', '--token-file', token, '--fault', 'kill'], /takes HOST:PORT, not 'nowhere'/],
    [['--coordinator', '127.0.0.1:1', '--token-file', none, '--fault', 'kill'], /cannot read the token file/],
    [['--run', out, '--fault', 'kil'], /--fault kil: no such fault \(did you mean 'kill'\?\)/],
    [['--run', out, '--fault', 'kill'], / is finished.*: faults need a run that is training/],
  ];
  for (const [args, reason] of cases) assertRefused(await chaos(...args), reason);
  const unknown = await chaos('--run', out, '--roles', 'any');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /unknown option '--roles'[^]*Did you mean --role\?/);
  assert.deepEqual(eventsNamed(out, 'fault-injected'), []);
});

test('a run without --allow-chaos refuses, and nobody makes a fault with a wrong token', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, '--steps', '100000');
  const address = await addressOf(out);
  assertRefused(await chaos('--run', out, '--fault', 'kill'), /allows no faults on purpose.*--allow-chaos/);
  assertRefused(await chaos('--run', out, '--every', '0.01'), /allows no faults on purpose/);
  const guessed = scratch.write('token', 'guessed');
  const reach = ['--coordinator', address, '--token-file'];
  assertRefused(await chaos(...reach, guessed, '--fault', 'kill'), /join token/);
  assertRefused(await chaos(...reach, join(out, 'token'), '--fault', 'kill', '--role', 'generator-9'), /--allow-chaos/);
  await until('it trains', () => readJournal(out, 'metrics.jsonl').length > 0);
  run.child.kill('SIGINT');
  assert.equal((await run.ended).code, 130);
  assert.deepEqual(eventsNamed(out, 'fault-injected'), []);
});

test('a worker without --allow-chaos makes no fault, although its coordinator asks for it', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using _run = start(out, '--steps', '100000', '--placement', 'external', '--allow-chaos');
  const address = await addressOf(out);
  using first = joinByHand(address, join(out, 'token'));
  using second = joinByHand(address, join(out, 'token'));
  using third = joinByHand(address, join(out, 'token'));
  await until('it trains', () => readJournal(out, 'metrics.jsonl').length > 0);
  for (const role of ['discriminator', 'generator-1', 'generator-2']) {
    const reach = ['--coordinator', address, '--token-file', join(out, 'token')];
    const { code, stdout, stderr } = await chaos(...reach, '--fault', 'kill', '--role', role);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^step \\d+ {2}kill of ${role}: \\S+/\\d+\\n$`));
  }
  const refusal = /refused to make a fault \(kill\): this worker was started without --allow-chaos/;
  await until('all refuse', () => [first, second, third].every((worker) => refusal.test(worker.stderr())));
  const { length } = readJournal(out, 'metrics.jsonl');
  await until('it trains on', () => readJournal(out, 'metrics.jsonl').length > length + 5);
});

test('a call that is cancelled takes its fault back, and the end of the run answers those that still wait', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, '--steps', '100000', '--placement', 'external', '--allow-chaos');
  const address = await addressOf(out);
  const client = coordinationClient(address);
  const metadata = callMetadata(readFileSync(join(out, 'token'), 'utf8'));
  const ask = (fault: object) => {
    let call: { cancel(): void } | undefined;
    const ended = new Promise<string>((resolve) => {
      call = client.chaos(fault, metadata, (error) => resolve(error?.details ?? 'made'));
    });
    return { ended, cancel: () => call?.cancel() };
  };
  const [taken, kept, late] = [5, 7, 99_999].map((atStep) =>
    ask({ kind: 'slow', role: 'generator-1', delayMs: 1, atStep }),
  );
  // One connection keeps the order: when this answer is there, the others have been taken in.
  assert.match(await ask({ kind: 'none' }).ended, /no fault 'none'/);
  taken?.cancel();
  assert.match((await taken?.ended) ?? '', /[Cc]ancelled/);
  assert.match(await ask({ kind: 'none' }).ended, /no fault 'none'/);
  const worker = () => joinByHand(address, join(out, 'token'));
  using _first = worker();
  using _second = worker();
  using _third = worker();
  assert.equal(await kept?.ended, 'made');
  run.child.kill('SIGINT');
  assert.match((await late?.ended) ?? '', /^the run ended at step \d+, before step 99999$/);
  assert.equal((await run.ended).code, 130);
  client.close();
  assert.deepEqual(
    eventsNamed(out, 'fault-injected').map(({ step }) => step),
    [7],
  );
});

test('faults at random are made until the run ends', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = start(out, '--steps', '300', '--allow-chaos');
  await addressOf(out);
  const args = ['--every', '0.1', '--faults', 'slow,delay', '--for', '0.2', '--delay', '2', '--seed', '5'];
  const { code, stdout, stderr } = await chaos('--run', out, ...args);
  assert.equal(code, 0, stderr);
  const lines = stdout.trim().split('\n');
  const [, made] = /^(\d+) faults; the run is finished/.exec(lines.at(-1) ?? '') ?? [];
  const told = lines.filter((line) =>
    /^step \d+ {2}(slow|delay) of \S+( and \S+)? by 2 ms for 0.2 s: \S+\/\d+$/.test(line),
  );
  assert.equal(told.length, Number(made), stdout);
  assert.equal(eventsNamed(out, 'fault-injected').length, Number(made));
  assert.ok(told.length > 1, stdout);
  assert.equal((await run.ended).code, 0);
});

test('faults at random go on when a coordinator that was killed comes back', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using first = start(out, '--steps', '1000000', '--checkpoint-every', '20', '--allow-chaos');
  await until('a checkpoint', () => eventsNamed(out, 'checkpoint-written').length > 0);
  const args = ['--every', '0.2', '--faults', 'coordinator-kill', '--count', '2'];
  await using command = coordinator(['chaos', '--run', out, ...args]);
  await first.ended;
  assert.equal(first.child.signalCode, 'SIGKILL');
  await using second = coordinator(['start', '--resume', out, '--port', '0']);
  const { code, stdout, stderr } = await command.ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^step \d+ {2}coordinator-kill: the coordinator, process \d+\n[^]*\n2 faults\n$/);
  await second.ended;
  assert.equal(second.child.signalCode, 'SIGKILL');
  const pids = eventsNamed(out, 'fault-injected').map(({ worker }) => worker);
  assert.deepEqual(
    pids,
    [first, second].map(({ child }) => `the coordinator, process ${child.pid}`),
  );
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent } from '../../../coordinator/run/journal/journal.js';
import { isAlive } from '../../support/machine/alive.js';
import { scratchFolder } from '../../support/machine/scratch.js';
import { newestOf } from '../../support/runs/events.js';
import { addressOf, coordinator, readJournal, statusOf, until } from '../../support/runs/run.js';
import { type Refusal, sayOnSocket } from '../../support/wire/abuse.js';
import { JOIN, control, joinByHand, loadState, openControl, saveState } from '../../support/wire/control-peer.js';
import { message, rawCall } from '../../support/wire/raw-grpc.js';

const OPTIONS = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--port', '0'];
const MIB = 1 << 20;
/** gRPC's status codes. */
const CODES = { invalid: 3, notFound: 5, exhausted: 8, precondition: 9, internal: 13, unauthenticated: 16 };

/** Everything that an abuser may try at any time, and what it must hear. */
async function abuse(address: string, token: string, when: string): Promise<void> {
  const raw = (body: Uint8Array) =>
    rawCall(address, '/duet.v1.Coordination/Control', { authorization: `Bearer ${token}` }, body);
  const header = { role: 'generator-1', step: 1, epoch: 1, bytes: 4 };
  const state = { role: 'generator-1', step: 1, epoch: 1 };
  const cases: [what: string, refusal: Promise<Refusal>, code: number, reason: RegExp][] = [
    ['a wrong token', control(address, 'guessed', { join: JOIN }), CODES.unauthenticated, /join token/],
    ['no token', control(address, undefined, { join: JOIN }), CODES.unauthenticated, /join token/],
    ['a vote before join', control(address, token, { vote: {} }), CODES.precondition, /must be join, not vote/],
    ['nothing in it', control(address, token, {}), CODES.precondition, /must be join, not nothing/],
    [
      'a vote, then join',
      control(address, token, { vote: {} }, { join: JOIN }),
      CODES.precondition,
      /must be join, not vote/,
    ],
    [
      'another protocol',
      control(address, token, { join: { ...JOIN, protocol: 1 } }),
      CODES.precondition,
      /protocol 1 .*speaks 3/,
    ],
    ['5 MiB', raw(message(Buffer.alloc(5 * MIB))), CODES.exhausted, /larger than max/i],
    ['a length of 4 GiB', raw(message(Buffer.alloc(1), { claimed: 2 ** 32 - 1 })), CODES.exhausted, /larger than max/i],
    ['no protobuf', raw(message(Buffer.alloc(64, 0xff))), CODES.internal, /./],
    ['a state without token', saveState(address, undefined, { header }), CODES.unauthenticated, /join token/],
    [
      'a state not asked for',
      saveState(address, token, { header }, { data: Buffer.alloc(4) }),
      CODES.precondition,
      /no checkpoint of step 1/,
    ],
    [
      'a state with a path for a role',
      saveState(address, token, { header: { ...header, role: '../../evil' } }),
      CODES.precondition,
      /no checkpoint/,
    ],
    ['a state without header', saveState(address, token, { data: Buffer.alloc(4) }), CODES.invalid, /its header/],
    ['a state of nothing', saveState(address, token), CODES.invalid, /without a header/],
    [
      'a state of terabytes',
      saveState(address, token, { header: { ...header, bytes: 2 ** 42 } }),
      CODES.exhausted,
      /4398046511104 bytes/,
    ],
    ['a load without token', loadState(address, undefined, state), CODES.unauthenticated, /join token/],
    ['a load of what is not there', loadState(address, token, state), CODES.notFound, /no state of 'generator-1'/],
    [
      'a load of a path',
      loadState(address, token, { ...state, role: '../../etc/passwd' }),
      CODES.notFound,
      /no state of '\.\.\/\.\.\/etc\/passwd'/,
    ],
  ];
  for (const [what, refusal, code, reason] of cases) {
    const { code: found, details } = await refusal;
    assert.equal(found, code, `${what}, ${when}: ${details}`);
    assert.match(details, reason, `${what}, ${when}`);
  }
  await sayOnSocket(address, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await sayOnSocket(address, Buffer.alloc(4096, 0x5a));
}

test('workers that join by hand train a run to its end, whatever others try on the coordinator', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['start', '--placement', 'external', '--steps', '400', '--out', out, ...OPTIONS];
  await using run = coordinator(args);
  const address = await addressOf(out);
  const tokenFile = join(out, 'token');
  const token = readFileSync(tokenFile, 'utf8');
  await abuse(address, token, 'before the workers join');

  using first = joinByHand(address, tokenFile);
  using second = joinByHand(address, tokenFile);
  using third = joinByHand(address, tokenFile);
  await until('the first step', () => readJournal(out, 'metrics.jsonl').length > 0);
  using extra = openControl(address, token);
  extra.write({ join: JOIN });
  await until('a word for one more worker', () => extra.messages.length > 0);
  assert.deepEqual([extra.messages[0]?.message, extra.messages[0]?.standby?.role], ['standby', 'generator-1']);
  await abuse(address, token, 'while they train');
  assert.equal(statusOf(out)?.state, 'running', 'all of this was tried before the run ended');

  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.equal(readJournal(out, 'metrics.jsonl').length, 400);
  for (const { child, stderr: said } of [first, second, third]) {
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 0, said());
  }
  assert.ok(!existsSync(join(out, '..', 'evil.safetensors')));
});

test('a worker that a coordinator does not take ends with exit code 2 and the reason', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using _run = coordinator(['start', '--placement', 'external', '--steps', '5', '--out', out, ...OPTIONS]);
  const address = await addressOf(out);
  using stranger = joinByHand(address, scratch.write('token', 'guessed'));
  await once(stranger.child, 'close');
  assert.equal(stranger.child.exitCode, 2, stranger.stderr());
  assert.match(stranger.stderr(), /^error: the coordinator at .* refused: wrong or missing join token.*\n$/);
});

test('a vote that is not due is refused with a status and a reason, on a stream that goes on', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--placement', 'external', '--steps', '5', '--out', out, ...OPTIONS]);
  const address = await addressOf(out);
  {
    using stream = openControl(address, readFileSync(join(out, 'token'), 'utf8'));
    stream.write({ join: JOIN });
    await until('a role', () => stream.messages.some((each) => each.message === 'assign'));
    for (let i = 1; i <= 2; i += 1) {
      stream.write({ vote: { epoch: 0, step: 1 } });
      await until('the refusal', () => stream.messages.length > i);
      assert.equal(stream.messages[i]?.refused?.status, 'FAILED_PRECONDITION');
      assert.match(stream.messages[i]?.refused?.reason ?? '', /a vote of epoch 0, the run is in epoch 1/);
    }
  }
  await until('the loss', () => newestOf(readJournal<RunEvent>(out, 'events.jsonl'), 'worker-lost'));
  run.child.kill('SIGTERM');
  assert.equal((await run.ended).code, 130, 'the run waited for another worker');
});

test('one crash too many ends the run with the role and how it ended, and leaves no process behind', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--steps', '100000', '--max-crashes', '0', '--out', out, ...OPTIONS]);
  await until('10 steps', () => readJournal(out, 'metrics.jsonl').length >= 10);
  const events = readJournal<RunEvent>(out, 'events.jsonl');
  const pids = events.flatMap((e) => (e.event === 'worker-joined' ? [e.pid] : []));
  const worker = events.flatMap((e) => (e.event === 'role-assigned' && e.role === 'generator-2' ? [e.worker] : []))[0];
  process.kill(Number(worker?.split('/').at(-1)), 'SIGKILL');
  const { code, stderr } = await run.ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error: the worker of generator-2 .* was lost: .*signal SIGKILL.*more than --max-crashes 0 allows/,
  );
  assert.equal(statusOf(out)?.state, 'failed');
  assert.equal(pids.length, 3);
  await until('every worker to be gone', () => pids.every((pid) => !isAlive(pid)));
});

test('workers leave by themselves when their coordinator is killed', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--steps', '100000', '--out', out, ...OPTIONS]);
  await until('10 steps', () => readJournal(out, 'metrics.jsonl').length >= 10);
  const pids = readJournal<RunEvent>(out, 'events.jsonl').flatMap((e) => (e.event === 'worker-joined' ? [e.pid] : []));
  run.child.kill('SIGKILL');
  await until('every worker to be gone', () => pids.every((pid) => !isAlive(pid)));
});

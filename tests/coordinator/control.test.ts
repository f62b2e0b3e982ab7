import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callMetadata, coordinationClient } from '../../common/rpc.js';
import type { RunEvent } from '../../coordinator/run/journal.js';
import type { RunStatus } from '../../coordinator/run/status.js';
import { isAlive } from '../support/alive.js';
import { type Refusal, refusalOf, sayOnSocket } from '../support/abuse.js';
import { coordinator, readJournal, until } from '../support/run.js';
import { scratchFolder } from '../support/scratch.js';
import type { CoordinatorMessage__Output } from '../../proto/generated/duet/v1/CoordinatorMessage.js';
import type { WorkerMessage } from '../../proto/generated/duet/v1/WorkerMessage.js';

const WORKER = fileURLToPath(new URL('../../../worker/bin/worker.js', import.meta.url));
const OPTIONS = ['--data', 'ring8', '--width', '0.25', '--batch', '16', '--port', '0'];
/** gRPC's status codes. */
const CODES = { notFound: 5, exhausted: 8, precondition: 9, unauthenticated: 16 };
const JOIN = { protocol: 1, host: 'elsewhere', pid: 1, duet: '0' };

function status(out: string): RunStatus | undefined {
  const file = join(out, 'run.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunStatus) : undefined;
}

async function control(address: string, token: string, ...messages: WorkerMessage[]): Promise<Refusal> {
  const client = coordinationClient(address);
  const stream = client.control(callMetadata(token));
  const refusal = refusalOf(stream as never);
  for (const message of messages) stream.write(message);
  const answer = await refusal;
  client.close();
  return answer;
}

function joinByHand(address: string, tokenFile: string): ChildProcess {
  return spawn(process.execPath, [WORKER, 'join', '--coordinator', address, '--token-file', tokenFile], {
    stdio: 'ignore',
  });
}

test('workers that join by hand train a run to its end, whatever others try on the coordinator', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['start', '--placement', 'external', '--steps', '400', '--out', out, ...OPTIONS];
  await using run = coordinator(args);
  const address = await until('the address', () => status(out)?.address || undefined);
  const token = readFileSync(join(out, 'token'), 'utf8');

  for (const [what, refusal, code, reason] of [
    ['a wrong token', await control(address, 'guessed', { join: JOIN }), CODES.unauthenticated, /token/],
    [
      'a vote before join',
      await control(address, token, { vote: {} }),
      CODES.precondition,
      /first message must be join/,
    ],
    [
      'another protocol',
      await control(address, token, { join: { ...JOIN, protocol: 2 } }),
      CODES.precondition,
      /protocol 2/,
    ],
  ] as const) {
    assert.equal(refusal.code, code, `${what}: ${refusal.details}`);
    assert.match(refusal.details, reason, what);
  }
  await sayOnSocket(address, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await sayOnSocket(address, Buffer.alloc(4096, 0x5a));

  const workers = [1, 2, 3].map(() => joinByHand(address, join(out, 'token')));
  await until('the first step', () => readJournal(out, 'metrics.jsonl').length > 0);
  const extra = await control(address, token, { join: JOIN });
  assert.equal(extra.code, CODES.exhausted, extra.details);
  assert.match(extra.details, /all 3 roles of this run have their workers/);
  assert.equal((await stateRefusal(address, token)).code, CODES.precondition);
  assert.equal((await loadRefusal(address, token)).code, CODES.notFound);

  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.equal(readJournal(out, 'metrics.jsonl').length, 400);
  for (const worker of workers) {
    if (worker.exitCode === null) await once(worker, 'exit');
    assert.equal(worker.exitCode, 0);
  }
});

test('a vote that is not due is refused with a status and a reason, on a stream that goes on', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--placement', 'external', '--steps', '5', '--out', out, ...OPTIONS]);
  const address = await until('the address', () => status(out)?.address || undefined);
  const client = coordinationClient(address);
  const stream = client.control(callMetadata(readFileSync(join(out, 'token'), 'utf8')));
  const messages: CoordinatorMessage__Output[] = [];
  stream.on('data', (message: CoordinatorMessage__Output) => messages.push(message));
  stream.on('error', () => {});
  stream.write({ join: JOIN });
  await until('a role', () => messages.some(({ message }) => message === 'assign'));
  for (let i = 1; i <= 2; i += 1) {
    stream.write({ vote: { epoch: 0, step: 1 } });
    await until('the refusal', () => messages.length > i);
    assert.equal(messages[i]?.refused?.status, 'FAILED_PRECONDITION');
    assert.match(messages[i]?.refused?.reason ?? '', /no step has begun/);
  }
  stream.cancel();
  client.close();
  assert.equal((await run.ended).code, 1, 'the run lost the worker of a role');
});

/** A state that nobody asked for. */
async function stateRefusal(address: string, token: string): Promise<Refusal> {
  const client = coordinationClient(address);
  return await new Promise((resolve) => {
    const call = client.saveState(callMetadata(token), (error) => {
      client.close();
      resolve({ code: error?.code ?? 0, details: error?.details ?? '' });
    });
    call.write({ header: { role: 'generator-1', step: 1, epoch: 1, bytes: 4 } });
    call.end({ data: Buffer.alloc(4) });
  });
}

/** A state that is not there. */
async function loadRefusal(address: string, token: string): Promise<Refusal> {
  const client = coordinationClient(address);
  const call = client.loadState({ role: '../../etc/passwd', step: 1, epoch: 1 }, callMetadata(token));
  const refusal = await refusalOf(call as never);
  client.close();
  return refusal;
}

test('a killed worker ends the run with its role and how it ended, and leaves no process behind', async () => {
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  await using run = coordinator(['start', '--steps', '100000', '--out', out, ...OPTIONS]);
  await until('10 steps', () => readJournal(out, 'metrics.jsonl').length >= 10);
  const events = readJournal<RunEvent>(out, 'events.jsonl');
  const pids = events.flatMap((e) => (e.event === 'worker-joined' ? [e.pid] : []));
  const worker = events.flatMap((e) => (e.event === 'role-assigned' && e.role === 'generator-2' ? [e.worker] : []))[0];
  process.kill(Number(worker?.split('/').at(-1)), 'SIGKILL');
  const { code, stderr } = await run.ended;
  assert.equal(code, 1);
  assert.match(stderr, /error: the worker of generator-2 .* was lost: .*signal SIGKILL/);
  assert.equal(status(out)?.state, 'failed');
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

/** The smallest inputs that the fuzzer found to be answered wrongly, each with what was wrong. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DuetError, UsageError } from '../../common/errors.js';
import { TensorAssembler } from '../../common/tensors/tensor-stream.js';
import { readConfigFile } from '../../coordinator/run/config/config-file.js';
import { compileOptions } from '../../coordinator/run/config/options.js';
import { newRecord, readRecord } from '../../coordinator/run/config/record.js';
import { Journal } from '../../coordinator/run/journal/journal.js';
import { bestOf, readBest } from '../../coordinator/run/journal/quality.js';
import type { RunStatus } from '../../coordinator/run/status.js';
import { generatorOf, parseRequest } from '../../worker/request.js';
import { scratchFolder } from '../support/machine/scratch.js';
import { emptyRun } from '../support/runs/checkpoint.js';
import { coordinator, until } from '../support/runs/run.js';
import { joinByHand } from '../support/wire/control-peer.js';
import { message, rawCall } from '../support/wire/raw-grpc.js';
import { bomb } from './targets/files.js';

/** gRPC's status codes. */
const CODES = { invalid: 3, internal: 13 };

test('a header of very many dimensions, or a type of very many letters, is refused in a sentence', () => {
  // Before: the refusal repeated them all, in a gRPC trailer.
  for (const change of [{ shape: Array<number>(5000).fill(7) }, { dtype: 'x'.repeat(5000) }]) {
    const assembler = new TensorAssembler(() => ({ epoch: 1, steps: [1, 1], shape: [2], dtype: 'float32' }));
    const header = { epoch: 1, step: 1, shape: [2], dtype: 'float32', loss: 0, plainLoss: 0, ...change };
    assert.throws(
      () => assembler.add({ part: 'header', header }),
      (error) => error instanceof DuetError && error.message.length < 200,
    );
  }
});

test('a best.json without its keys is a damaged run directory', async () => {
  // Before: a ZodError.
  await using scratch = scratchFolder();
  const directory = emptyRun(join(scratch.path, 'run'));
  for (const text of ['{"#tep":5,"kid":0.1}', 'null', '[]', '{"step":-1,"kid":0}']) {
    scratch.write('run/best.json', text);
    assert.throws(() => readBest(directory), UsageError, text);
  }
});

test('a config.json with a key that is not one is refused in a sentence, however long the key', async () => {
  // Before: the sentence held the whole key.
  await using scratch = scratchFolder();
  const directory = emptyRun(join(scratch.path, 'run'));
  const { training, settings } = compileOptions({});
  const engine = { name: 'tensorflow', device: 'cpu' } as const;
  const record = newRecord(directory, { training, settings, engine, threads: {} });
  scratch.write('run/config.json', JSON.stringify({ ...record, training: { ...training, ['x'.repeat(2000)]: 1 } }));
  assert.throws(
    () => readRecord(directory),
    (error) => error instanceof UsageError && error.message.length < 500 && error.message.includes('xxx'),
  );
});

test('a journal line that is JSON and no line of a step counts as none', async () => {
  // Before: a TypeError, or steps that are no numbers.
  await using scratch = scratchFolder();
  const directory = emptyRun(join(scratch.path, 'run'));
  const journal = new Journal(directory);
  const good = JSON.stringify({ step: 1, kid: 0.5, best: 0.5, bestStep: 1 });
  scratch.write('run/quality.jsonl', `${good}\nnull\n7\n[]\n{}\n{"step":"2"}\n`);
  assert.deepEqual(bestOf(journal.readQuality()), { step: 1, kid: 0.5 });
  journal.rewind(5);
  assert.equal(readFileSync(directory.file('quality.jsonl'), 'utf8'), `${good}\n`);
});

test('an assignment whose config is no JSON, or whose role the run has not, is refused by the worker', () => {
  // Before: a SyntaxError that ended the network thread; a generator of number NaN.
  assert.throws(() => parseRequest('{', '{}'), DuetError);
  assert.throws(() => parseRequest('{}', ''), DuetError);
  for (const role of [
    'generator-0',
    'generator-3',
    'generator-x',
    'generator-1e0',
    'generator-',
    '',
    'x'.repeat(9999),
  ]) {
    assert.throws(
      () => generatorOf(role, 2),
      (error) => error instanceof DuetError && error.message.length < 400,
      role.slice(0, 20),
    );
  }
  assert.deepEqual(
    ['discriminator', 'generator-1', 'generator-2'].map((role) => generatorOf(role, 2)),
    [0, 1, 2],
  );
});

test('a config file that is no YAML is refused in a sentence, however long its lines', async () => {
  // Before: the sentence ended with the line.
  await using scratch = scratchFolder();
  const path = scratch.write('run.yaml', `a: >${'{"a":'.repeat(500)}`);
  assert.throws(
    () => readConfigFile(path),
    (error) => error instanceof UsageError && error.message.length < 400 + path.length,
  );
});

test('aliases that unfold into gigabytes are refused at once, however deep', async () => {
  await using scratch = scratchFolder();
  for (const levels of [2, 9, 40, 2000]) {
    const path = scratch.write('run.yaml', bomb(levels));
    const cpu = process.cpuUsage();
    assert.throws(() => readConfigFile(path), UsageError, `${levels} levels`);
    const { user, system } = process.cpuUsage(cpu);
    assert.ok(user + system < 2e6, `${levels} levels took ${(user + system) / 1e6} s`);
  }
});

test('an upload of a state that cannot be decoded, or stops in the middle of a message, costs nobody else anything', async () => {
  // Before: the run ended with an internal error, ERR_STREAM_PREMATURE_CLOSE.
  await using scratch = scratchFolder();
  const out = join(scratch.path, 'run');
  const args = ['--placement', 'external', '--data', 'ring8', '--steps', '3', '--batch', '8', '--width', '0.25'];
  await using run = coordinator(['start', '--port', '0', '--out', out, ...args]);
  const address = await until('the address', () => {
    const file = join(out, 'run.json');
    return existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as RunStatus).address;
  });
  const headers = { authorization: `Bearer ${readFileSync(join(out, 'token'), 'utf8')}` };
  for (const [body, status] of [
    [message(Buffer.alloc(64, 0xff)), CODES.internal],
    [message(Buffer.alloc(1), { claimed: 99 }), CODES.invalid],
  ] as const) {
    const { code } = await rawCall(address, '/duet.v1.Coordination/SaveState', headers, body, { ends: true });
    assert.equal(code, status);
  }
  using _first = joinByHand(address, join(out, 'token'));
  using _second = joinByHand(address, join(out, 'token'));
  using _third = joinByHand(address, join(out, 'token'));
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
});

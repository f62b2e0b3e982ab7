import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOG_LEVELS, LevelSwitch, type LogLevel } from '../../common/log/log-level.js';
import { sentenceOf } from '../../common/log/log-line.js';
import { type LogContext, createLog } from '../../common/log/log.js';

function open(level: LogLevel, isTTY = false) {
  const lines: string[] = [];
  const levels = new LevelSwitch(level);
  const context: LogContext = { run: 'first', role: 'generator-1', epoch: 1, step: 0 };
  const log = createLog({ levels, context, output: { isTTY, write: (line) => void lines.push(line) } });
  return { lines, levels, context, log };
}

test('a line is one JSON object: when, how much it matters, whose it is, what happened', () => {
  const { lines, log } = open('info');
  log('warn', 'worker-lost', 'box/17 was lost\nfor good', { role: 'generator-2', reason: 'said "no"' });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^[^\n]*\n$/);
  const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, {
    level: 'warn',
    run: 'first',
    role: 'generator-1',
    epoch: 1,
    step: 0,
    event: 'worker-lost',
    data: { role: 'generator-2', reason: 'said "no"' },
    msg: 'box/17 was lost\nfor good',
  });
});

test('the context of a line is that of its moment', () => {
  const { lines, context, log } = open('info');
  log('info', 'a', 'a');
  Object.assign(context, { role: 'spare', epoch: 2, step: 7 });
  log('info', 'b', 'b');
  const [a, b] = lines.map((line) => JSON.parse(line) as LogContext);
  assert.deepEqual([a?.role, a?.epoch, a?.step], ['generator-1', 1, 0]);
  assert.deepEqual([b?.role, b?.epoch, b?.step], ['spare', 2, 7]);
});

test('each level lets through what matters as much or more, and silent nothing', () => {
  for (const level of LOG_LEVELS) {
    const { lines, log } = open(level);
    const written = LOG_LEVELS.filter((each) => each !== 'silent').filter((each) => {
      const { length } = lines;
      log(each, 'event', 'text');
      return lines.length > length;
    });
    assert.deepEqual(written, LOG_LEVELS.slice(LOG_LEVELS.indexOf(level), -1), level);
  }
});

test('the level goes to debug and back, and another thread sees it in the shared memory', () => {
  for (const [start, other] of [
    ['info', 'debug'],
    ['silent', 'debug'],
    ['error', 'debug'],
    ['debug', 'info'],
    ['trace', 'info'],
  ] as const) {
    const { levels, lines, log } = open(start);
    const elsewhere = new LevelSwitch(levels.memory);
    assert.equal(levels.other, other, start);
    elsewhere.set(elsewhere.other);
    assert.equal(levels.level, other);
    log('debug', 'event', 'text');
    assert.equal(lines.length, other === 'debug' ? 1 : 0, `${start}, changed to ${other}`);
    levels.set(levels.other);
    assert.equal(elsewhere.level, start);
  }
});

test('on a terminal a line is for the eye, without braces', () => {
  const { lines, log } = open('info', true);
  log('warn', 'worker-lost', 'box/17 was lost', { role: 'generator-2' });
  assert.match(lines[0] ?? '', /\d\d:\d\d:\d\d\.\d{3}.*WARN.*generator-1 step 0: box\/17 was lost/);
  assert.doesNotMatch(lines.join(''), /[{}]/);
});

test("a line's sentence is its message, or itself where it is none of a log", () => {
  const { lines, log } = open('info');
  log('info', 'worker-ended', 'the run is over');
  assert.equal(sentenceOf((lines[0] ?? '').trim()), 'the run is over');
  for (const line of ['error: the disk is full', '', '{"msg": 5}', '{cut', '{"level":"info"}', '{}']) {
    assert.equal(sentenceOf(line), line);
  }
});

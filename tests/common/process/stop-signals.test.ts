import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { onStopSignals, stopSignals } from '../../../common/process/stop-signals.js';

/** What is heard of signals that come at these times. */
function heardOf(platform: string, signals: [signal: string, ms: number][]): string[] {
  const source = new EventEmitter();
  const heard: string[] = [];
  let time = 0;
  using _signals = onStopSignals((signal, again) => heard.push(`${signal}${again ? ' again' : ''}`), {
    platform,
    process: source,
    now: () => time,
  });
  for (const [signal, ms] of signals) {
    time = ms;
    source.emit(signal, signal);
  }
  return heard;
}

test('a Ctrl-C that npx passes on as well is one Ctrl-C; one that is pressed later is another', () => {
  assert.deepEqual(
    heardOf('linux', [
      ['SIGINT', 0],
      ['SIGINT', 1],
      ['SIGINT', 499],
    ]),
    ['SIGINT'],
  );
  assert.deepEqual(
    heardOf('darwin', [
      ['SIGINT', 10],
      ['SIGINT', 11],
      ['SIGINT', 510],
      ['SIGTERM', 511],
    ]),
    ['SIGINT', 'SIGINT again', 'SIGTERM again'],
  );
});

test('in Windows the keys of the console and its closed window end a command, elsewhere a hang-up is left to nohup', () => {
  assert.deepEqual(stopSignals('win32'), ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP']);
  assert.deepEqual(heardOf('win32', [['SIGBREAK', 0]]), ['SIGBREAK']);
  assert.deepEqual(heardOf('win32', [['SIGHUP', 0]]), ['SIGHUP']);
  for (const platform of ['linux', 'darwin']) assert.deepEqual(heardOf(platform, [['SIGHUP', 0]]), []);
});

test('whoever no longer listens leaves no listener behind', () => {
  const source = new EventEmitter();
  onStopSignals(() => assert.fail('it is over'), { platform: 'win32', process: source })[Symbol.dispose]();
  assert.deepEqual(source.eventNames(), []);
});

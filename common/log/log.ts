/** The log of a process: JSON lines on stderr, readable ones on a terminal. The only door to pino. */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { pino, stdTimeFunctions } from 'pino';
import { LOG_LEVELS, LevelSwitch, type LogLevel } from './log-level.js';

const STDERR = 2;
/** How long a reader that does not keep up is waited for in all, and in between. */
const [READER_MS, PAUSE_MS] = [2000, 10];

/** Stands on every line, as it is when the line is written. */
export interface LogContext {
  /** The run's id; empty: not known yet. */
  run: string;
  /** coordinator, what a worker computes, or spare (nothing now). */
  role: string;
  epoch: number;
  /** The newest committed one. */
  step: number;
}

/**
 * Writes a line, at once: it is there whatever happens to the process next.
 *
 * @param event of what happened; where events.jsonl has it, its name there
 * @param text for people, a sentence or phrase
 * @param data what else belongs to it
 */
export type Log = (level: Exclude<LogLevel, 'silent'>, event: string, text: string, data?: object) => void;

interface LogOptions {
  levels: LevelSwitch;
  context: Readonly<LogContext>;
  /** For tests. */
  output?: { write(line: string): void; isTTY: boolean };
}

export function createLog({
  levels,
  context,
  output = { write: writeStderr, isTTY: isatty(STDERR) },
}: LogOptions): Log {
  const pretty = output.isTTY ? prettyLine() : (line: string) => line;
  const logger = pino(
    {
      level: levels.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      mixin: () => ({ ...context }),
    },
    { write: (line: string) => output.write(pretty(line)) },
  );
  return (level, event, text, data) => {
    // Another thread may have changed it.
    if (logger.level !== levels.level) logger.level = levels.level;
    logger[level]({ event, ...(data === undefined ? {} : { data }) }, text);
  };
}

/** SIGUSR2 changes the level to debug and back. Never SIGUSR1: with that, Node opens its inspector. */
export function changeLevelOnSignal(levels: LevelSwitch, log: Log): void {
  if (process.platform === 'win32') return;
  process.on('SIGUSR2', () => {
    const { level: before, other: after } = levels;
    // It is told while more is logged, so that it is told whatever the level.
    const tell = () =>
      log('info', 'log-level-changed', `SIGUSR2: log level ${after}, was ${before}`, { before, after });
    if (LOG_LEVELS.indexOf(after) < LOG_LEVELS.indexOf(before)) {
      levels.set(after);
      tell();
    } else {
      tell();
      levels.set(after);
    }
  });
}

/** 13:22:38.112 WARN (generator-1 step 12): ... */
function prettyLine(): (line: string) => string {
  // Only on a terminal, and it takes 15 ms to load, in every thread of every process.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  return prettyFactory({
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'run',
    hideObject: true,
    messageFormat: '{role} step {step}: {msg}',
  });
}

/** The last line was lost, and perhaps a part of it was not. */
let lost = false;

/**
 * Whole lines, in order, synchronously. A log that cannot be written (a full disk, a reader that is gone or asleep) is no
 * reason for a training to end: the line is lost.
 */
function writeStderr(line: string): void {
  let rest = Buffer.from(lost ? `\n${line}` : line);
  // Who has kept us waiting once does not again.
  const deadline = performance.now() + (lost ? 0 : READER_MS);
  lost = false;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STDERR, rest));
    } catch (error) {
      lost = (error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline;
      if (lost) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/**
 * Loaded before anything else into every process and thread of a run that is profiled (`node --import`, by NODE_OPTIONS):
 * listens to what they tell of themselves, takes the time, and writes it down.
 *
 * The time is the machine's monotonic clock. `performance.timeOrigin` would be another in each thread, by half a millisecond.
 */
import { appendFileSync } from 'node:fs';
import { isMainThread, threadId } from 'node:worker_threads';
import {
  coordinatorSays,
  engineCallBegins,
  engineCallEnds,
  messageCrosses,
  phaseEntered,
  tensorCrosses,
} from '../../common/observation.js';
import { runDelay } from './run-delay.js';
import { FOLDER_VARIABLE, type ProfileRecord, fileOf } from './records.js';

/** A main thread writes at its end, when that disturbs nobody, or when so many records wait. */
const MOST_WAITING = 50_000;
/**
 * Any other thread is terminated without notice: it writes this often, and the last steps of a run may be lost. More often
 * would lose fewer, and take a processor more often from those that compute.
 */
const WRITE_EVERY_MS = 200;

const folder = process.env[FOLDER_VARIABLE];
if (folder !== undefined) record(fileOf(folder, process.pid, threadId));

function record(file: string): void {
  let waiting: ProfileRecord[] = [];
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const write = () => {
    if (waiting.length === 0) return;
    appendFileSync(file, waiting.map((each) => `${JSON.stringify(each)}\n`).join(''));
    waiting = [];
  };
  const keep = (record: ProfileRecord) => {
    if (waiting.push(record) >= MOST_WAITING) write();
  };
  // Only a compute thread's is of interest, and asking for it takes 8 microseconds.
  const delay = isMainThread ? runDelay() : undefined;
  const schedule = () => (delay === undefined ? {} : { delay: delay() });
  let began = 0;
  engineCallBegins.listen(() => (began = now()));
  engineCallEnds.listen((call) => keep({ at: began, what: 'call', milliseconds: now() - began, ...call }));
  phaseEntered.listen((change) => keep({ at: now(), what: 'phase', ...change, ...schedule() }));
  messageCrosses.listen((edge) => keep({ at: now(), what: 'message', ...edge, ...schedule() }));
  tensorCrosses.listen((edge) => keep({ at: now(), what: 'tensor', ...edge }));
  coordinatorSays.listen((word) => keep({ at: now(), what: 'word', ...word }));
  if (isMainThread) process.on('exit', write);
  else setInterval(write, WRITE_EVERY_MS).unref();
}

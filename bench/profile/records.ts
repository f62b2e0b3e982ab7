/** What the recorder writes: of every thread of a run one file, a JSON object a line. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CoordinatorWord, EngineCall, MessageEdge, TensorEdge } from '../../common/observation.js';

/**
 * `at`: milliseconds of the machine's monotonic clock, which all its processes share.
 * `delay`: milliseconds that the thread had been ready to run by then and had no processor; Linux only.
 */
export type ProfileRecord = { at: number } & (
  | ({ what: 'call'; milliseconds: number } & EngineCall)
  | { what: 'phase'; phase: string; delay?: number }
  | ({ what: 'message'; delay?: number } & MessageEdge)
  | ({ what: 'tensor' } & TensorEdge)
  | ({ what: 'word' } & CoordinatorWord)
);

export interface ThreadRecords {
  pid: number;
  /** 0 is the main thread. */
  thread: number;
  records: ProfileRecord[];
}

/** Names of the environment of a process that records: where the files go. */
export const FOLDER_VARIABLE = 'DUET_PROFILE_FOLDER';

export function fileOf(folder: string, pid: number, thread: number): string {
  return join(folder, `${pid}-${thread}.jsonl`);
}

export function readRecords(folder: string): ThreadRecords[] {
  return readdirSync(folder).map((name) => {
    const [pid = 0, thread = 0] = name.replace('.jsonl', '').split('-').map(Number);
    // A process that was killed in the middle of a write leaves a last line without an end.
    const lines = readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
    return { pid, thread, records: lines.map((line) => JSON.parse(line) as ProfileRecord) };
  });
}

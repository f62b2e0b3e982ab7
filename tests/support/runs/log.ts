/** The log of a process, as it stands on its stderr. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface LogLine {
  level: string;
  time: string;
  run: string;
  role: string;
  epoch: number;
  step: number;
  event: string;
  msg: string;
  data?: Record<string, unknown>;
}

/** Lines that are for a person: not of the log. */
export function plainLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}

/** The lines of the log; a last line that is still being written is left out. @throws AssertionError for one without its fields */
export function logLines(stderr: string): LogLine[] {
  const lines = stderr.split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const parsed = JSON.parse(line) as LogLine;
      assert.match(parsed.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, line);
      assert.match(parsed.level, /^(trace|debug|info|warn|error)$/, line);
      for (const key of ['run', 'role', 'event', 'msg'] as const) assert.equal(typeof parsed[key], 'string', line);
      for (const key of ['epoch', 'step'] as const) assert.ok(Number.isInteger(parsed[key]), line);
      assert.ok(parsed.role !== '' && parsed.event !== '' && parsed.msg !== '', line);
      return parsed;
    });
}

/** What the local workers of a run have written. */
export function workerLogs(directory: string): string[] {
  const logs = join(directory, 'logs');
  const names = readdirSync(logs).filter((name) => name.startsWith('worker-'));
  return names.map((name) => readFileSync(join(logs, name), 'utf8'));
}

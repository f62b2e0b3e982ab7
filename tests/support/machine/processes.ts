/** The processes that a test's commands have started, by /proc: Linux only. */
import { readFileSync, readdirSync } from 'node:fs';
import { statOf } from '../../../common/process/process-stat.js';

interface Known {
  pid: number;
  /** A letter: R, S, T (stopped), Z (ended, its parent has not asked), ... */
  state: string;
  parent: number;
  command: string[];
}

/** Of all processes that this user sees. */
export function processes(): Known[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const pid = Number(name);
      const stat = statOf(pid);
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      return stat === undefined ? [] : [{ pid, state: stat.state, parent: stat.parent, command }];
    } catch {
      return []; // gone meanwhile
    }
  });
}

/** Those that a process has started and that run, by their arguments. */
export function childrenOf(pid: number): Known[] {
  return processes().filter(({ parent, state }) => parent === pid && state !== 'Z');
}

/** Those that were started for a run: its directory is among their arguments. Whoever their parent is by now. */
export function processesOf(directory: string): Known[] {
  return processes().filter(
    ({ command, state }) =>
      state !== 'Z' && command.some((arg) => arg === directory || arg.startsWith(`${directory}/`)),
  );
}

/** Whether a process has not ended; one that nobody has asked about counts as ended. */
export function runs(pid: number): boolean {
  return processes().some((known) => known.pid === pid && known.state !== 'Z');
}

/** Resident memory of a process. @throws when it is gone */
export function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? Number.NaN) * 1024;
}

/** Tells a process from a later one with the same id. */
import { readFileSync, readlinkSync } from 'node:fs';

/** States in /proc of a process that has ended and that its parent has not asked about yet: it will do nothing more. */
const ENDED = new Set(['Z', 'X', 'x']);

/** @returns the time at which it started, in the system's ticks; 'dead' if there is none; '' where /proc does not tell */
export function startOf(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  const { state = '', started = '' } = statOf(pid) ?? {};
  return ENDED.has(state) ? 'dead' : started;
}

/** What proc(5) says of a process in /proc/PID/stat; undefined where it does not. */
export function statOf(pid: number): { state: string; parent: number; started: string } | undefined {
  try {
    // The name in parentheses may hold spaces; the state comes after it, then the parent, and the start time as the 20th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state: fields[0] ?? '', parent: Number(fields[1]), started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/**
 * Where the ids of this process's kind mean something: this boot of the machine, this namespace of process ids. Containers
 * of one host name may each have their own process 1; after a boot the ids and the ticks begin anew.
 *
 * @returns '' where /proc does not tell
 */
export function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

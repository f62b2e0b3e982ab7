/**
 * No process outlives the coordinator that started it, however that ended: on Linux the kernel kills it (PR_SET_PDEATHSIG),
 * also one that is stopped or hangs. `setpriv` of util-linux asks for it and then becomes the command: the id stays.
 *
 * macOS, Windows and a Linux without util-linux's setpriv (that of BusyBox cannot) have nothing like it: there a child ends
 * by itself when its connection to the coordinator breaks, at the latest after its keepalive, but not while it is stopped.
 */
import { spawnSync } from 'node:child_process';

export interface CommandLine {
  command: string;
  args: readonly string[];
}

/**
 * A parent that dies before setpriv has asked would go unnoticed, so after it has, the shell looks whether the parent is
 * still the same.
 */
const ONLY_WITH_PARENT = '[ "$PPID" = "$1" ] || exit 1; shift; exec "$@"';

/** @param parent id of the process that will start it */
export function dieWithParent(
  { command, args }: CommandLine,
  parent: number,
  possible = canDieWithParent(),
): CommandLine {
  if (!possible) return { command, args };
  const checked = ['sh', '-c', ONLY_WITH_PARENT, 'sh', String(parent), command, ...args];
  return { command: 'setpriv', args: ['--pdeathsig', 'KILL', ...checked] };
}

let known: boolean | undefined;

/** Whether the kernel and the tools of this machine can. Looked up once. */
export function canDieWithParent(): boolean {
  known ??=
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'KILL', 'sh', '-c', 'exit 0'], { stdio: 'ignore' }).status === 0;
  return known;
}

/** Faults of the whole process: it dies, or it stands still. */
import { spawn } from 'node:child_process';
import { DuetError } from '../../common/errors.js';
import { whyUnkillable, whyUnstoppable } from '../../common/faults.js';

/** @throws DuetError when this process cannot be killed by itself */
export function kill(): void {
  assertKillable();
  process.kill(process.pid, 'SIGKILL');
}

function assertKillable(): void {
  const reason = whyUnkillable(process.pid);
  if (reason !== undefined) throw new DuetError(reason);
}

/** How often the helper looks whether the stopped process is still there. */
const LOOK_MS = 100;

/** $1: process. $2: how many looks. $3: the rest of the time. */
const WAKE = `
looks=0
while [ "$looks" -lt "$2" ]; do
  sleep ${LOOK_MS / 1000}
  kill -0 "$1" 2>/dev/null || exit 0
  looks=$((looks + 1))
done
sleep "$3"
kill -CONT "$1" 2>/dev/null
`;

/**
 * Stops this process, all its threads, as SIGSTOP does; a helper process, which leaves when this one is gone, lets it go on.
 *
 * @param forMs how long this lasts at least; 0: for ever
 * @throws DuetError when there is no helper to be had, or this process cannot be stopped, or not by itself; it then goes on
 */
export function stop(forMs: number, platform: string = process.platform): void {
  const reason = whyUnstoppable(platform);
  if (reason !== undefined) throw new DuetError(reason);
  assertKillable();
  if (forMs > 0) startWaker(process.pid, forMs);
  process.kill(process.pid, 'SIGSTOP');
}

function startWaker(pid: number, forMs: number): void {
  const [looks, rest] = [Math.floor(forMs / LOOK_MS), (forMs % LOOK_MS) / 1000];
  const args = ['-c', WAKE, 'duet-wake', String(pid), String(looks), String(rest)];
  const helper = spawn('/bin/sh', args, { detached: true, stdio: 'ignore' });
  helper.on('error', () => {});
  if (helper.pid === undefined) throw new DuetError('a stop that ends by itself needs /bin/sh, which is not there');
  helper.unref();
}

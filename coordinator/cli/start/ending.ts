/** After the last step: until the store has all of the run, and with --stay until somebody ends it. */
import { once } from 'node:events';
import { counted } from '../../run/journal/event-text.js';
import type { Limits } from './grace.js';
import type { OpenedDirectory } from './open-directory.js';

/** Whoever waits longer is told why. */
const TELL_AFTER_MS = 2000;

/** With --stay. @throws LeaseLostError */
export async function toldToEnd({ stop, lost }: Limits, say: (line: string) => void): Promise<void> {
  say('the page and the metrics stay until this is told to end (--stay)');
  const end = AbortSignal.any([stop, lost]);
  if (!end.aborted) await once(end, 'abort');
  lost.throwIfAborted();
}

/**
 * Waits until the store has all of the run; when the user does not want to wait, or the run has failed, for --grace at most.
 *
 * @returns false when it has not
 * @throws LeaseLostError
 */
export async function settled(
  { store, stored, directory }: OpenedDirectory,
  { stop, graceMs }: Limits,
  say: (line: string) => void,
  failed = false,
): Promise<boolean> {
  const giveUp = new AbortController();
  const told = setTimeout(() => {
    const { reason } = stored.lag;
    if (stored.lag.writes > 0) say(`waiting until ${store} has all of the run${reason === '' ? '' : `: ${reason}`}`);
  }, TELL_AFTER_MS);
  let timer: NodeJS.Timeout | undefined;
  const wait = () => (timer = setTimeout(() => giveUp.abort(), graceMs));
  if (stop.aborted || failed) wait();
  else stop.addEventListener('abort', wait, { once: true });
  try {
    await stored.settled(giveUp.signal);
    return true;
  } catch (error) {
    if (!giveUp.signal.aborted) throw error;
    const { writes, reason } = stored.lag;
    say(`${store} lacks the newest ${counted(writes, 'change')} of the run${reason === '' ? '' : ` (${reason})`};`);
    say(`they are in   ${directory.path}, and get there with the next start --continue from it`);
    return false;
  } finally {
    stop.removeEventListener('abort', wait);
    clearTimeout(timer);
    clearTimeout(told);
  }
}

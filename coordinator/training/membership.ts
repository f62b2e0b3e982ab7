/** Finds members that have gone silent. The clock is an argument, so that a test can move it. */
import type { Member } from './member.js';

/** A member that has not been heard of for this long is lost; it sends a heartbeat every second. */
export const SILENCE_MS = 15_000;
const CHECK_MS = 1000;
/** When a check itself comes this much too late, the coordinator was asleep, and no silence proves anything. */
const LATE_MS = 3000;

export function silentMembers<M extends Pick<Member, 'present' | 'silence'>>(members: Iterable<M>, now: number): M[] {
  return [...members].filter((member) => member.present && member.silence(now) > SILENCE_MS);
}

/** Checks every second until disposed of. */
export function watchMembers(members: Iterable<Member>): Disposable {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const late = now - last > CHECK_MS + LATE_MS;
    last = now;
    if (late) return;
    for (const member of silentMembers(members, now)) {
      member.left(`no heartbeat for ${Math.round(member.silence(now) / 1000)} s`);
    }
  }, CHECK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

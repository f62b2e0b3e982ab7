/** A training ends by itself, or it is not waited for any longer: the clean stop takes too long, or another coordinator has the run. */
import { killChildren } from '../../placement/children.js';

export interface Limits {
  /** Aborted when the user wants a clean stop. */
  stop: AbortSignal;
  /** How long that may take. */
  graceMs: number;
  /** Aborted when another coordinator has the run. */
  lost: AbortSignal;
}

/**
 * @returns 'given-up' when the clean stop did not end in time: the training may still be at it
 * @throws LeaseLostError, whatever the training died of, and what else it throws
 */
export async function withinGrace<T>(training: Promise<T>, { stop, graceMs, lost }: Limits): Promise<T | 'given-up'> {
  // A training that is given up may fail later, when nobody waits for it any more.
  training.catch(() => {});
  const over = new AbortController();
  const { signal } = over;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      training,
      new Promise<'given-up'>((resolve) => {
        const wait = () => (timer = setTimeout(() => resolve('given-up'), graceMs));
        if (stop.aborted) wait();
        else stop.addEventListener('abort', wait, { once: true, signal });
      }),
      new Promise<never>((_, reject) => {
        const leave = () => {
          // Without last words: the logs, too, are another coordinator's now.
          killChildren();
          reject(lost.reason as Error);
        };
        if (lost.aborted) leave();
        else lost.addEventListener('abort', leave, { once: true, signal });
      }),
    ]);
  } catch (error) {
    lost.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

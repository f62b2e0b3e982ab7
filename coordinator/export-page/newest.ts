/** Work that is asked for more often than it can be done: only the newest request counts. */
export interface Newest<T> {
  ask(value: T): void;
}

/**
 * One at a time, each when `frame` comes; of what is asked for meanwhile only the last is done.
 *
 * @param work answers its own errors
 * @param frame requestAnimationFrame
 * @param idle called when nothing is left to do
 */
export function newest<T>(
  work: (value: T) => Promise<void>,
  frame: (next: () => void) => void,
  idle: () => void,
): Newest<T> {
  let waiting: { value: T } | undefined;
  let busy = false;
  const next = () => {
    const job = waiting;
    waiting = undefined;
    if (job !== undefined) return void work(job.value).then(() => frame(next));
    busy = false;
    idle();
  };
  return {
    ask(value) {
      waiting = { value };
      if (busy) return;
      busy = true;
      frame(next);
    },
  };
}

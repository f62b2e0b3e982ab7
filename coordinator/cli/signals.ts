/**
 * Ctrl-C and SIGTERM: the first asks for a clean stop, a second Ctrl-C ends the process at once.
 * A run of a comparison is also stopped when the comparison dies: the channel between the two breaks.
 */
export interface StopSignals extends Disposable {
  stop: AbortSignal;
}

const STOPPED_BY_USER = 130;

/** @param doing what a first signal leads to */
export function stopOnSignals(doing = 'stopping after this step, with a checkpoint'): StopSignals {
  const controller = new AbortController();
  const handle = (signal: NodeJS.Signals) => {
    // The workers lose their coordinator with us and leave by themselves.
    if (controller.signal.aborted) process.exit(STOPPED_BY_USER);
    process.stderr.write(`\n${signal}: ${doing} (once more to stop at once)\n`);
    controller.abort(signal);
  };
  const abandoned = () => controller.abort('the comparison that started it is gone');
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  if (process.send !== undefined) {
    if (process.connected) process.on('disconnect', abandoned);
    else abandoned();
  }
  return {
    stop: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
      process.off('disconnect', abandoned);
    },
  };
}

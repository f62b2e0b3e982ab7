/** Ctrl-C and SIGTERM: the first asks for a clean stop, a second Ctrl-C ends the process at once. */
export interface StopSignals extends Disposable {
  stop: AbortSignal;
}

const STOPPED_BY_USER = 130;

export function stopOnSignals(): StopSignals {
  const controller = new AbortController();
  const handle = (signal: NodeJS.Signals) => {
    // The workers lose their coordinator with us and leave by themselves.
    if (controller.signal.aborted) process.exit(STOPPED_BY_USER);
    process.stderr.write(`\n${signal}: stopping after this step, with a checkpoint (once more to stop at once)\n`);
    controller.abort(signal);
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    stop: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}

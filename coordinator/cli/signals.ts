/**
 * Ctrl-C and SIGTERM: the first asks for a clean stop, a second Ctrl-C ends the process at once.
 * A run of a comparison is also stopped when the comparison dies, or wants it to: the channel between the two breaks.
 */
import { onStopSignals } from '../../common/process/stop-signals.js';

export interface StopSignals extends Disposable {
  stop: AbortSignal;
}

const STOPPED_BY_USER = 130;

/** @param doing what a first signal leads to */
export function stopOnSignals(doing = 'stopping after this step, with a checkpoint'): StopSignals {
  const controller = new AbortController();
  const signals = onStopSignals((signal, again) => {
    // The workers lose their coordinator with us and leave by themselves.
    if (again) process.exit(STOPPED_BY_USER);
    process.stderr.write(`\n${signal}: ${doing} (once more to stop at once)\n`);
    controller.abort(signal);
  });
  const abandoned = () => controller.abort('the comparison that started it is gone, or stops it');
  if (process.send !== undefined) {
    if (process.connected) process.on('disconnect', abandoned);
    else abandoned();
  }
  return {
    stop: controller.signal,
    [Symbol.dispose]() {
      signals[Symbol.dispose]();
      process.off('disconnect', abandoned);
    },
  };
}

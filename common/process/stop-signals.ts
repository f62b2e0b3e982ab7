/** The signals by which a person, or whatever supervises a process, asks it to end. */
import type { EventEmitter } from 'node:events';

/**
 * One Ctrl-C may come twice: from the terminal, to all that runs in it, and a moment later from npx, which passes on what it
 * got itself (npm/cli#8164; where /bin/sh becomes the command that it runs, as bash does on macOS and Fedora).
 */
const SAME_MS = 500;

/**
 * Windows knows what its console makes: Ctrl-C, Ctrl-Break (SIGBREAK), and a window that is closed (SIGHUP), after which the
 * process has some seconds left. SIGTERM can be waited for there, and never comes. Elsewhere SIGHUP keeps its meaning: who
 * starts a command with nohup wants it to be ignored, and a listener would undo that.
 */
export function stopSignals(platform: string = process.platform): readonly NodeJS.Signals[] {
  return platform === 'win32' ? ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
}

interface Source {
  platform?: string;
  process?: Pick<EventEmitter, 'on' | 'off'>;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

/**
 * Until it is disposed of, these signals end nothing by themselves.
 *
 * @param heard again: somebody has asked before, and this is not the same key pressed once
 */
export function onStopSignals(
  heard: (signal: NodeJS.Signals, again: boolean) => void,
  { platform, process: from = process, now = () => performance.now() }: Source = {},
): Disposable {
  let first: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    const again = first !== undefined;
    first ??= now();
    if (!again || now() - first >= SAME_MS) heard(signal, again);
  };
  for (const signal of stopSignals(platform)) from.on(signal, handle);
  return {
    [Symbol.dispose]() {
      for (const signal of stopSignals(platform)) from.off(signal, handle);
    },
  };
}

/** The stream of a run: it comes back by itself, and then begins anew with all that there is. */
import type { StreamMessages } from '../../view/messages.js';

export type Handlers = { [K in keyof StreamMessages]?: (data: StreamMessages[K]) => void };

const AGAIN_MS = 2000;
/** The server says something every 5 s at the latest. */
const SILENCE_MS = 12_000;
const LOOK_MS = 1000;
const NAMES: (keyof StreamMessages)[] = ['run', 'history', 'events', 'quality', 'samples', 'beat'];

/** @param changed called with when something was heard last; undefined: never */
export function connect(handlers: Handlers, changed: (connected: boolean, heard: Date | undefined) => void): void {
  let source: EventSource;
  let heard: Date | undefined;
  let heardAt = 0;
  let connected = false;

  const lost = () => {
    source.close();
    connected = false;
    changed(false, heard);
    // By hand: after an answer that is no stream (another server at that port) a browser would not try again.
    setTimeout(open, AGAIN_MS);
  };
  const open = () => {
    heardAt = performance.now();
    source = new EventSource('/api/stream');
    source.addEventListener('error', lost);
    for (const name of NAMES) {
      source.addEventListener(name, ({ data }: MessageEvent<string>) => {
        heard = new Date();
        heardAt = performance.now();
        if (!connected) changed((connected = true), heard);
        (handlers[name] as ((value: unknown) => void) | undefined)?.(JSON.parse(data));
      });
    }
  };
  // A connection may break without a word: a laptop that slept, a network that went away.
  setInterval(() => {
    if (source.readyState !== EventSource.CLOSED && performance.now() - heardAt > SILENCE_MS) lost();
  }, LOOK_MS);
  open();
}

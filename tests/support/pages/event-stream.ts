/** Reads server-sent events, as a script would. */
import type { StreamMessages } from '../../../coordinator/view/messages.js';

export interface HeardEvent<K extends keyof StreamMessages = keyof StreamMessages> {
  event: K;
  data: StreamMessages[K];
}

export interface Listening extends AsyncDisposable {
  status: number;
  /** The next message of that kind that fits. @throws when the deadline passes or the stream ends */
  next<K extends keyof StreamMessages>(
    event: K,
    fits?: (data: StreamMessages[K]) => boolean,
  ): Promise<StreamMessages[K]>;
  /** Resolves when the server ends the stream. */
  ended(): Promise<void>;
}

const DEADLINE_MS = 20_000;

export async function listenTo(url: string): Promise<Listening> {
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  const messages = parse(response);
  return {
    status: response.status,
    async next(event, fits = () => true) {
      const timer = setTimeout(() => controller.abort(new Error(`no ${event} that fits came in time`)), DEADLINE_MS);
      try {
        for (;;) {
          const { value, done } = await messages.next();
          if (done === true) throw new Error(`the stream ended before ${event}`);
          if (value.event !== event) continue;
          const data = value.data as StreamMessages[typeof event];
          if (fits(data)) return data;
        }
      } finally {
        clearTimeout(timer);
      }
    },
    async ended() {
      try {
        while ((await messages.next()).done !== true);
      } catch {
        // cut off
      }
    },
    async [Symbol.asyncDispose]() {
      controller.abort();
      await messages.return(undefined).catch(() => {});
    },
  };
}

async function* parse(response: Response): AsyncGenerator<HeardEvent, undefined> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const event = /^event: (.*)$/m.exec(part)?.[1];
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as unknown } as HeardEvent;
    }
  }
  return undefined;
}

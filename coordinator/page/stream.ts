/** Server-sent events to everyone who watches a run: all that there is, then every second what is new. */
import type { ServerResponse } from 'node:http';
import { send } from '../../common/http-server.js';
import type { StreamMessages } from '../view/messages.js';
import type { Feed } from './feed.js';

const TICK_MS = 1000;
/** By it a page sees that the connection stands; it is an event, since a browser does not tell its page of comments. */
const BEAT_MS = 5000;
const MOST_CLIENTS = 64;
/** Who does not take what is sent for so long has gone. */
const STUCK_MS = 30_000;

/** What a client knows. */
interface Client {
  response: ServerResponse;
  run: string;
  history: { generation: number; points: number; steps: number } | undefined;
  events: { generation: number; count: number } | undefined;
  quality: number;
  samples: object | undefined;
  sentAt: number;
}

export class EventStream implements Disposable {
  readonly #feed: Feed;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;
  #ticking = false;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** Keeps the response open, until its reader goes. */
  async add(response: ServerResponse): Promise<void> {
    if (this.#clients.size >= MOST_CLIENTS) {
      return send(response, 503, `${MOST_CLIENTS} pages watch this run already: close one\n`);
    }
    const client: Client = {
      response,
      run: '',
      history: undefined,
      events: undefined,
      quality: -1,
      samples: undefined,
      sentAt: performance.now(),
    };
    // Before anything is awaited: the bound holds for those who come at once, too.
    this.#clients.add(client);
    response.once('close', () => this.#remove(client));
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('retry: 2000\n\n');
    // From here on, only while somebody watches.
    this.#timer ??= setInterval(() => void this.#tick(), TICK_MS);
    await this.#tick();
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    // A long journal that is read for the first time takes its time.
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      await this.#feed.refresh();
      for (const client of this.#clients) this.#update(client);
    } catch {
      // The run's directory is gone, or being removed: a page says that it hears nothing.
      for (const { response } of this.#clients) response.destroy();
    } finally {
      this.#ticking = false;
    }
  }

  #update(client: Client): void {
    const now = performance.now();
    if (client.response.writableNeedDrain) {
      // What it has missed comes in one piece once it reads again: nothing piles up here.
      if (now - client.sentAt > STUCK_MS) client.response.destroy();
      return;
    }
    const text = this.#news(client) || (now - client.sentAt > BEAT_MS ? message('beat', {}) : '');
    if (text === '') return;
    client.sentAt = now;
    client.response.write(text);
  }

  #news(client: Client): string {
    const { run, history, events, quality, samples } = this.#feed;
    let text = '';
    const view = JSON.stringify(run);
    if (view !== client.run) {
      client.run = view;
      text += message('run', run);
    }
    const { generation, length: points, steps } = history;
    const known = client.history;
    if (known?.generation !== generation || known.steps !== steps) {
      // The last point that it knows may have had more steps since.
      const from = known?.generation === generation ? Math.max(0, known.points - 1) : 0;
      client.history = { generation, points, steps };
      text += message('history', history.part(from));
    }
    if (client.events?.generation !== events.generation || client.events.count !== events.count) {
      const since = client.events?.generation === events.generation ? client.events.count : undefined;
      client.events = { generation: events.generation, count: events.count };
      text += message('events', events.part(since));
    }
    if (client.quality !== quality.revision) {
      client.quality = quality.revision;
      text += message('quality', quality.view());
    }
    if (client.samples !== samples) {
      client.samples = samples;
      text += message('samples', samples);
    }
    return text;
  }

  [Symbol.dispose](): void {
    for (const { response } of this.#clients) response.destroy();
    this.#clients.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function message<K extends keyof StreamMessages>(name: K, data: StreamMessages[K]): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** What happened to the run, newest first. */
import type { EventView, EventsPart } from '../../view/messages.js';
import { byId, element } from './dom.js';
import { clock } from './format.js';

const MOST = 500;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const WORDS: Readonly<Record<EventView['level'], string>> = {
  debug: 'detail',
  info: 'info',
  warn: 'warning',
  error: 'error',
};

export class Events {
  readonly #list = byId('events');
  readonly #level = byId<HTMLSelectElement>('events-level');
  #events: EventView[] = [];

  constructor() {
    this.#level.addEventListener('change', () => this.#show());
  }

  set({ all, events }: EventsPart): void {
    this.#events = [...(all ? [] : this.#events), ...events].slice(-MOST);
    this.#show();
  }

  #show(): void {
    const least = LEVELS.indexOf(this.#level.value as EventView['level']);
    const chosen = this.#events.filter(({ level }) => LEVELS.indexOf(level) >= least).reverse();
    byId('events-empty').hidden = chosen.length > 0;
    this.#list.hidden = chosen.length === 0;
    // Rows that are there stay: a reader's place is not lost with every event.
    const known = new Map([...this.#list.children].map((item) => [(item as HTMLElement).dataset['number'], item]));
    const items = chosen.map((event) => known.get(String(event.number)) ?? itemOf(event));
    for (const item of known.values()) if (!items.includes(item)) item.remove();
    for (const [i, item] of items.entries()) {
      if (this.#list.children[i] !== item) this.#list.insertBefore(item, this.#list.children[i] ?? null);
    }
  }

  /** Rows of a run that began anew have the numbers of others. */
  clear(): void {
    this.#list.replaceChildren();
  }
}

function itemOf({ number, time, event, level, text }: EventView): HTMLElement {
  return element(
    'li',
    { 'data-number': String(number), 'data-level': level },
    element('time', { datetime: time, title: `${time} ${event}` }, clock(time)),
    element('span', { class: 'level' }, WORDS[level]),
    element('span', { class: 'text' }, text),
  );
}

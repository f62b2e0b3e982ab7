/** The newest events of a run for people, and what of all events a chart marks. */
import { join, sep } from 'node:path';
import { type EventLevel, levelOf, textOf } from '../run/journal/event-text.js';
import type { RunEvent } from '../run/journal/journal.js';
import type { EventView, EventsPart, Marker, RecoveryView } from './messages.js';

const MOST_EVENTS = 500;
/** Of each kind. */
const MOST_MARKERS = 200;
const LONGEST_TEXT = 500;

const MARKED: Readonly<Record<string, Marker['kind']>> = {
  'step-called-off': 'fault',
  'rolled-back': 'rollback',
  'checkpoint-written': 'checkpoint',
};
/** After these nobody is on the way back from a fault. */
const OVER = new Set(['recovered', 'run-resumed', 'run-finished', 'run-stopped', 'run-failed']);

export class EventLog {
  readonly #folder: string;
  #events: EventView[] = [];
  #markers = new Map<Marker['kind'], Marker[]>();
  #recovery: RecoveryView | null = null;
  /** All that came. */
  count = 0;
  /** Grows when it begins anew. */
  generation = 0;

  /** @param folder of the run */
  constructor(folder: string) {
    this.#folder = folder;
  }

  clear(): void {
    this.#events = [];
    this.#markers.clear();
    this.#recovery = null;
    this.count = 0;
    this.generation += 1;
  }

  /** A line of events.jsonl. One of a kind that this version does not know counts, too. */
  add(line: Readonly<Record<string, unknown>>): void {
    const { event, time } = line;
    if (typeof event !== 'string') return;
    this.count += 1;
    const { text, level } = describeEvent(line as unknown as RunEvent, this.#folder);
    this.#events.push({
      number: this.count,
      time: textIn(time),
      event,
      level,
      text: text.slice(0, LONGEST_TEXT),
    });
    if (this.#events.length > 2 * MOST_EVENTS) this.#events = this.#events.slice(-MOST_EVENTS);
    this.#mark(event, line);
  }

  /** @param since the number of events that the reader knows; undefined: none */
  part(since?: number): EventsPart {
    const all = since === undefined;
    return {
      all,
      events: this.#events.filter(({ number }) => number > (since ?? 0)).slice(-MOST_EVENTS),
      markers: [...this.#markers.values()].flat().sort((a, b) => a.step - b.step),
      recovery: this.#recovery,
    };
  }

  #mark(event: string, { step, time, reason }: Readonly<Record<string, unknown>>): void {
    if (OVER.has(event)) this.#recovery = null;
    if (typeof step !== 'number') return;
    if (event === 'step-called-off') {
      this.#recovery ??= { since: textIn(time), step, reason: textIn(reason).slice(0, LONGEST_TEXT) };
    }
    const kind = MARKED[event];
    if (kind === undefined) return;
    const marks = this.#markers.get(kind) ?? [];
    this.#markers.set(kind, [...marks, { step, kind }].slice(-MOST_MARKERS));
  }
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * Of an event of any version: one of a kind that this one does not know is named, at least.
 *
 * @param folder of the run: what lies in it is named by its name alone
 */
export function describeEvent(event: RunEvent, folder: string): { text: string; level: EventLevel } {
  try {
    // Undefined for a kind that is not known, and whatever else a damaged line makes of it.
    const text = textOf(event) as string | undefined;
    const level: EventLevel | undefined = levelOf(event);
    return { text: (text ?? event.event).replaceAll(join(folder, sep), ''), level: level ?? 'info' };
  } catch {
    return { text: event.event, level: 'info' };
  }
}

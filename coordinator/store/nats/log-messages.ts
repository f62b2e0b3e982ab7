/** Changes of logs as messages of the stream, and back: what comes back is the same, byte for byte. */
import type { StoredMsg } from '@nats-io/jetstream';
import { LOGS, type LogName } from '../../run/directory-observer.js';
import { textOf } from '../../run/journal/event-text.js';
import type { RunEvent } from '../../run/journal/journal.js';
import { HEADER, type Message } from './log-stream.js';
import { subjectOf } from './names.js';

/** A server takes a million bytes unless it is told otherwise; headers count too. */
export const MOST_BYTES = 256 << 10;

export interface LogChange {
  log: LogName;
  /** The log is cut to so many bytes first. */
  keep?: number;
  /** Added then: lines with their ends. */
  text: string;
}

/** @param mostBytes of a payload */
export function messagesFor(id: string, change: LogChange, mostBytes = MOST_BYTES): Message[] {
  const { log, keep, text } = change;
  if (log !== 'events.jsonl' || keep !== undefined) return partsOf(id, change, mostBytes);
  return text
    .split(/(?<=\n)/)
    .flatMap((line) => eventMessage(id, line, mostBytes) ?? partsOf(id, { log, text: line }, mostBytes));
}

function partsOf(id: string, { log, keep, text }: LogChange, mostBytes: number): Message[] {
  const bytes = Buffer.from(text);
  const subject =
    log === 'events.jsonl' ? subjectOf(id, 'events', 'log') : subjectOf(id, log.slice(0, -'.jsonl'.length));
  const messages: Message[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += mostBytes) {
    const more = at + mostBytes < bytes.length;
    messages.push({
      subject,
      payload: bytes.subarray(at, at + mostBytes),
      headers: {
        [HEADER.log]: log,
        ...(at === 0 && keep !== undefined ? { [HEADER.keep]: String(keep) } : {}),
        ...(more ? { [HEADER.more]: '1' } : {}),
      },
    });
  }
  return messages;
}

/** One event with a text for people; undefined for a line that is none (cut off by a crash), or one that is too long. */
function eventMessage(id: string, text: string, mostBytes: number): Message | undefined {
  const line = text.endsWith('}\n') ? text.slice(0, -'}\n'.length) : undefined;
  const event = line === undefined || text.length * 4 > mostBytes ? undefined : parse(text);
  if (event === undefined) return undefined;
  const added = `,"text":${JSON.stringify(describe(event))}}`;
  return {
    subject: subjectOf(id, 'events', event.event),
    payload: `${line}${added}`,
    headers: { [HEADER.log]: 'events.jsonl', [HEADER.text]: String(Buffer.byteLength(added)) },
  };
}

function parse(line: string): RunEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<RunEvent> | null;
    return /^[a-z][a-z-]{0,40}$/.test(event?.event ?? '') ? (event as RunEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** An event of another version of Duet may not be known, or have other fields. */
function describe(event: RunEvent): string {
  try {
    return textOf(event) ?? event.event;
  } catch {
    return event.event;
  }
}

/** What a stream holds, as far as it has been read. */
export class ReadStream {
  readonly #logs = new Map<LogName, Buffer[]>(LOGS.map((log) => [log, []]));
  /** Path in the run directory, and the object. */
  readonly pictures = new Map<string, string>();
  #term = '';
  /** Of a change in several messages: those that have come. */
  #parts: StoredMsg[] = [];

  add(message: StoredMsg): void {
    const { header } = message;
    const term = header.get(HEADER.term);
    // A coordinator that died in the midst of a change left nothing of it.
    if (term !== this.#term) this.#parts = [];
    this.#term = term;
    const picture = header.get(HEADER.picture);
    if (picture !== '') this.pictures.set(picture, header.get(HEADER.object));
    if (header.get(HEADER.log) === '') return;
    this.#parts.push(message);
    if (header.get(HEADER.more) !== '') return;
    for (const part of this.#parts) this.#apply(part);
    this.#parts = [];
  }

  /** The file, byte for byte. */
  log(name: LogName): Buffer {
    const parts = this.#logs.get(name) ?? [];
    const whole = Buffer.concat(parts);
    this.#logs.set(name, [whole]);
    return whole;
  }

  #apply({ header, data }: StoredMsg): void {
    const name = LOGS.find((log) => log === header.get(HEADER.log));
    if (name === undefined) return;
    const keep = header.get(HEADER.keep);
    if (keep !== '') this.#logs.set(name, [this.log(name).subarray(0, Number(keep))]);
    const parts = this.#logs.get(name) ?? [];
    const text = Number(header.get(HEADER.text) || 0);
    if (text === 0) parts.push(Buffer.from(data));
    else parts.push(Buffer.from(data.subarray(0, data.length - text)), Buffer.from('}\n'));
  }
}

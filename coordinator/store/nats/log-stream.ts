/**
 * The stream of a run: what was added to its logs, message by message, for people and to build the logs again from. Every
 * message follows the one that its sender saw last, or is refused: that keeps an earlier coordinator out.
 */
import { randomBytes } from 'node:crypto';
import { JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { type MsgHdrs, headers } from '@nats-io/transport-node';
import { UsageError } from '../../../common/errors.js';
import type { Nats } from './client/connection.js';
import { hasNoReplicas, isUnanswered, isWrongSequence } from './client/failures.js';
import { streamOf, subjectOf } from './names.js';
import type { Patience } from './client/patience.js';

/** Headers of the messages. */
export const HEADER = {
  term: 'Duet-Term',
  log: 'Duet-Log',
  /** Before the payload is added the log is cut to so many bytes. */
  keep: 'Duet-Keep',
  /** So many bytes at the payload's end are for people, and stand for a brace and a line's end in the log. */
  text: 'Duet-Text',
  /** What it adds counts only when the next message has come. */
  more: 'Duet-More',
  /** A picture of the run, and its object. */
  picture: 'Duet-Picture',
  object: 'Duet-Object',
} as const;

const MESSAGE_ID = 'Nats-Msg-Id';

export interface Message {
  subject: string;
  payload: Uint8Array | string;
  headers?: Record<string, string>;
}

/** Makes the stream if it is not there. */
export async function ensureStream({ jsm, replicas }: Nats, id: string, patience: Patience): Promise<void> {
  const make = (num_replicas: number) =>
    jsm.streams.add({
      name: streamOf(id),
      description: `events and metrics of the Duet run ${id}`,
      subjects: [subjectOf(id, '>')],
      num_replicas,
      allow_direct: true,
      deny_delete: true,
      deny_purge: true,
    });
  await patience.until(async () => {
    try {
      await jsm.streams.info(streamOf(id));
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.status !== 404) throw error;
      await fallingBack(replicas, make);
    }
  });
}

/** As many replicas as there should be, or one where the cluster has too few servers. */
export async function fallingBack<T>(replicas: number, make: (replicas: number) => Promise<T>): Promise<T> {
  try {
    return await make(replicas);
  } catch (error) {
    if (replicas === 1 || !hasNoReplicas(error)) throw error;
    return await make(1);
  }
}

/** Number of the newest message; 0: there is none. */
export async function lastSequence({ jsm }: Nats, id: string): Promise<number> {
  return (await jsm.streams.info(streamOf(id))).state.last_seq;
}

/** Its owner's end. */
export class LogStream {
  readonly #nats: Nats;
  readonly #id: string;
  readonly #term: number;
  readonly #patience: Patience;
  readonly #lose: () => Promise<never>;
  readonly #nonce = randomBytes(6).toString('hex');
  #sent = 0;
  #sequence = 0;

  /** @param lose called when another one has published; throws */
  constructor(
    nats: Nats,
    id: string,
    { term, patience, lose }: { term: number; patience: Patience; lose: () => Promise<never> },
  ) {
    this.#nats = nats;
    this.#id = id;
    this.#term = term;
    this.#patience = patience;
    this.#lose = lose;
  }

  /** Of the newest message: its own. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Publishes a first message, after which one of an earlier coordinator is refused.
   *
   * @throws LeaseLostError when a later coordinator has done so already
   */
  async begin(message: Message): Promise<void> {
    for (;;) {
      const last = await this.#patience.until(() => lastSequence(this.#nats, this.#id));
      const newest = last === 0 ? null : await this.#patience.until(() => this.#read(last));
      if (Number(newest?.header.get(HEADER.term) ?? 0) > this.#term) return await this.#lose();
      const sequence = await this.#send(message, last);
      if (sequence === undefined) continue;
      this.#sequence = sequence;
      return;
    }
  }

  /** @throws LeaseLostError */
  async publish(message: Message): Promise<void> {
    const sequence = await this.#send(message, this.#sequence);
    if (sequence === undefined) return await this.#lose();
    this.#sequence = sequence;
  }

  /** @returns undefined when another message has this place */
  async #send({ subject, payload, headers: extra = {} }: Message, after: number): Promise<number | undefined> {
    const msgID = `${this.#term}-${this.#nonce}-${(this.#sent += 1)}`;
    const all: MsgHdrs = headers();
    for (const [name, value] of Object.entries({ [HEADER.term]: String(this.#term), ...extra })) all.set(name, value);
    const expect = { lastSequence: after, streamName: streamOf(this.#id) };
    return await this.#patience.until(async () => {
      try {
        return (await this.#nats.js.publish(subject, payload, { msgID, headers: all, expect })).seq;
      } catch (error) {
        // A stream that is gone says so here.
        if (isUnanswered(error)) await lastSequence(this.#nats, this.#id);
        if (!isWrongSequence(error)) throw error;
        // It may have come at a try before, of which no answer came.
        const there = await this.#read(after + 1);
        return there?.header.get(MESSAGE_ID) === msgID ? after + 1 : undefined;
      }
    });
  }

  /** From the leader: a copy may be behind. */
  #read(seq: number): Promise<StoredMsg | null> {
    return this.#nats.jsm.streams.getMessage(streamOf(this.#id), { seq });
  }
}

/** Read at once, for the time that an answer takes. */
const TOGETHER = 64;

/**
 * All messages up to `last`, in order.
 *
 * @throws UsageError when one of them is not there
 */
export async function* messagesOf(
  { jsm, name }: Nats,
  id: string,
  last: number,
  patience: Patience,
): AsyncGenerator<StoredMsg> {
  const stream = streamOf(id);
  const read = async (seq: number): Promise<StoredMsg> => {
    // Any server of the cluster answers the first; one that has not got it yet says that it is not there.
    const found =
      (await patience.until(() => jsm.direct.getMessage(stream, { seq }))) ??
      (await patience.until(() => jsm.streams.getMessage(stream, { seq })));
    if (found !== null) return found;
    throw new UsageError(
      `the stream ${stream} of ${name} lacks message ${seq} of ${last}, so the run cannot be built from it: put the stream back from a backup, or start another run`,
    );
  };
  for (let from = 1; from <= last; from += TOGETHER) {
    const count = Math.min(TOGETHER, last - from + 1);
    yield* await Promise.all(Array.from({ length: count }, (_, i) => read(from + i)));
  }
}

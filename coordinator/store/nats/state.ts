/** All of a run that is small and must fit together: one value of the key-value bucket, written by compare-and-set only. */
import type { KV } from '@nats-io/kv';
import { z } from 'zod';
import { UsageError } from '../../../common/errors.js';
import { firstIssue } from '../../../common/first-issue.js';
import { DOCUMENTS } from '../../run/directory-observer.js';
import { leaseSchema } from '../owner.js';
import { isUnanswered, isWrongSequence } from './client/failures.js';
import { BUCKET } from './names.js';
import type { Patience } from './client/patience.js';

const stateSchema = z.object({
  /** Tells this run from another of the same id. */
  run: z.string(),
  /** Grows with every write: no two writes are the same text. */
  write: z.int().min(0),
  /** Of the stream's messages all up to this one had come when this was written, and nothing else of the run had. */
  sequence: z.int().min(0),
  lease: leaseSchema,
  /** Texts of the files. */
  documents: z.partialRecord(z.enum(DOCUMENTS), z.string()),
  /** Those that are whole: their objects are in the bucket, below `folder`. */
  checkpoints: z.array(z.object({ step: z.int().min(0), folder: z.string() })),
});
export type RunState = Readonly<z.output<typeof stateSchema>>;

export interface FoundState {
  state: RunState;
  revision: number;
}

/** @returns undefined when there is none, with the revision that a first write follows */
export async function readState(
  bucket: KV,
  id: string,
): Promise<FoundState | { state: undefined; revision: number; text?: undefined }> {
  const entry = await bucket.get(id);
  if (entry?.operation !== 'PUT') return { state: undefined, revision: entry?.revision ?? 0 };
  const parsed = stateSchema.safeParse(jsonOf(entry.string()));
  if (!parsed.success) {
    throw new UsageError(
      `the key ${id} of the bucket ${BUCKET} is not a run of this version of Duet (${firstIssue(parsed.error)}): choose another --out, or delete the key`,
    );
  }
  return { state: parsed.data, revision: entry.revision };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes the value if its revision is still `revision`, whatever becomes of the connection meanwhile: what was sent twice is
 * there once, because both have the same text and follow the same revision.
 *
 * @returns its revision; undefined when somebody else has written
 */
export async function compareAndSet(
  bucket: KV,
  id: string,
  next: FoundState,
  patience: Patience,
): Promise<number | undefined> {
  const text = JSON.stringify(next.state);
  return await patience.until(async () => {
    try {
      return await bucket.put(id, text, { previousSeq: next.revision });
    } catch (error) {
      // A bucket that is gone says so here.
      if (isUnanswered(error)) await bucket.get(id);
      if (!isWrongSequence(error)) throw error;
      const found = await bucket.get(id);
      return found?.operation === 'PUT' && found.string() === text ? found.revision : undefined;
    }
  });
}

/** The value while its owner writes it: one write at a time, each upon the one before. */
export class OwnedState {
  readonly #bucket: KV;
  readonly #id: string;
  readonly #patience: Patience;
  readonly #sequence: () => number;
  readonly #lose: () => Promise<never>;
  #found: FoundState;
  #last: Promise<void> = Promise.resolve();
  /** performance.now() */
  #writtenAt = performance.now();

  /**
   * @param sequence of the newest message in the stream
   * @param lose called when another one has written; throws
   */
  constructor(
    bucket: KV,
    id: string,
    found: FoundState,
    { patience, sequence, lose }: { patience: Patience; sequence: () => number; lose: () => Promise<never> },
  ) {
    this.#bucket = bucket;
    this.#id = id;
    this.#found = found;
    this.#patience = patience;
    this.#sequence = sequence;
    this.#lose = lose;
  }

  get value(): RunState {
    return this.#found.state;
  }

  /** Milliseconds since it was written. */
  get age(): number {
    return performance.now() - this.#writtenAt;
  }

  /** @throws LeaseLostError */
  async update(change: (value: RunState) => Partial<RunState> = () => ({})): Promise<void> {
    const turn = this.#last.then(() => this.#write(change));
    this.#last = turn.catch(() => {});
    await turn;
  }

  async #write(change: (value: RunState) => Partial<RunState>): Promise<void> {
    const { state, revision } = this.#found;
    const next = { ...state, ...change(state), write: state.write + 1, sequence: this.#sequence() };
    const written = await compareAndSet(this.#bucket, this.#id, { state: next, revision }, this.#patience);
    if (written === undefined) return await this.#lose();
    this.#found = { state: next, revision: written };
    this.#writtenAt = performance.now();
  }
}

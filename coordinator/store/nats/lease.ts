/** The lease of a run in NATS: part of its value, renewed by writing the value anew. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KV } from '@nats-io/kv';
import type { LeaseLostError } from '../../../common/errors.js';
import { inUse, livesHere, nameOf, recordOf } from '../owner.js';
import type { Lease, LeaseOptions } from '../run-store.js';
import type { Patience } from './client/patience.js';
import { type FoundState, type OwnedState, type RunState, compareAndSet, readState } from './state.js';

/** The owner writes at least this often. */
export const BEAT_MS = 2000;
/** One that has not for so long is dead, or cannot reach the store, by the clock of whoever waits. */
const SILENCE_MS = 10_000;
const POLL_MS = 250;

export interface Acquired extends FoundState {
  /** That of the coordinator before; 0: there was none. */
  previousTerm: number;
}

/** @throws UsageError when a coordinator is at work on the run */
export async function acquireLease(
  bucket: KV,
  id: string,
  storeName: string,
  { takeOver, waiting }: LeaseOptions,
  patience: Patience,
): Promise<Acquired> {
  const read = () => patience.until(() => readState(bucket, id));
  for (;;) {
    const found = await read();
    const { state, revision } = found;
    if (state !== undefined && !takeOver && (await isAtWork({ state, revision }, read, waiting))) {
      throw inUse(`the run ${id} of ${storeName}`, state.lease);
    }
    const previousTerm = state?.lease.term ?? 0;
    const next: RunState = {
      ...(state ?? { run: randomBytes(8).toString('hex'), write: 0, sequence: 0, documents: {}, checkpoints: [] }),
      write: (state?.write ?? 0) + 1,
      lease: recordOf(previousTerm + 1),
    };
    const written = await compareAndSet(bucket, id, { state: next, revision }, patience);
    if (written !== undefined) return { state: next, revision: written, previousTerm };
    // Released meanwhile, or renewed, or another newcomer was quicker: it is looked at again.
  }
}

/** A process of this host can be looked up. Any other one lives when it writes. */
async function isAtWork(
  { state: { lease }, revision }: FoundState,
  read: () => Promise<{ state: RunState | undefined; revision: number }>,
  waiting: (text: string) => void,
): Promise<boolean> {
  if (lease.released !== undefined) return false;
  const lives = livesHere(lease);
  if (lives !== undefined) return lives;
  waiting(`looking whether the coordinator ${nameOf(lease)} still drives this run (at most ${SILENCE_MS / 1000} s)`);
  let heard = performance.now();
  for (let asked = heard; performance.now() - heard < SILENCE_MS; await sleep(POLL_MS)) {
    const now = await read();
    // While the store did not answer, the owner could not write either.
    const took = performance.now() - asked;
    asked = performance.now();
    if (took > BEAT_MS) heard = asked;
    if (now.revision === revision) continue;
    return now.state !== undefined && now.state.lease.released === undefined;
  }
  return false;
}

/** How long the end of a run waits for the store to hear of it. */
const RELEASE_MS = 3000;

/** The term stays, so that the next one is higher. One that cannot be released is that of a coordinator that is silent, in a moment. */
export async function releaseLease(state: OwnedState): Promise<void> {
  const released = state.update(({ lease }) => ({ lease: { ...lease, released: new Date().toISOString() } }));
  await Promise.race([released.catch(() => {}), sleep(RELEASE_MS, undefined, { ref: false })]);
}

/** Held until it is lost. */
export class NatsLease implements Lease {
  readonly term: number;
  readonly #lost = new AbortController();

  constructor(term: number) {
    this.term = term;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  assertHeld(): void {
    this.#lost.signal.throwIfAborted();
  }

  lose(reason: LeaseLostError): void {
    this.#lost.abort(reason);
  }
}

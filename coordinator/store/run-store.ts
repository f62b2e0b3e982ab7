/**
 * Where a run lasts, and what keeps a second coordinator away from it. The coordinator works in a run directory, whatever the
 * store: for the file store that directory is the run; for another one it is a working copy, whose every change the store
 * gets in the order in which it was made. So a store holds the run as it was at some moment, and a run that goes on from there comes to the
 * same bits (docs/adr/0022).
 */
import type { RunDirectory } from '../run/directory.js';

/** One coordinator drives a run; it holds this from `RunStore.open` on. */
export interface Lease {
  /** Grows by one with every coordinator of the run: 1 is the first. */
  readonly term: number;
  /** Aborted when it is seen to be lost. The reason is a LeaseLostError. */
  readonly lost: AbortSignal;
  /** To be called before every write to the directory; microseconds. @throws LeaseLostError when another coordinator has the run */
  assertHeld(): void;
}

export interface LeaseOptions {
  /** Also from an owner that lives. */
  takeOver: boolean;
  /** Called once when it takes a while to see whether the owner lives, or until the store answers. */
  waiting(text: string): void;
}

/** How far a store is behind the directory. */
export interface StoreLag {
  /** Changes that it does not have yet. */
  writes: number;
  /** Age of the oldest of them, seconds; 0: it has everything. */
  seconds: number;
  /** Why it gets on with none of them, for people; empty: it does. */
  reason: string;
}

export interface StoredRun extends AsyncDisposable {
  readonly lease: Lease;
  readonly lag: StoreLag;
  /**
   * Resolves when the store has all that was written before the call.
   *
   * @throws LeaseLostError; the reason of `giveUp` when that aborts
   */
  settled(giveUp: AbortSignal): Promise<void>;
}

export interface RunStore extends AsyncDisposable {
  /** For people: "file" or nats://HOST:PORT. Without any secret. */
  readonly name: string;
  /** Whether it holds a run of this id (the directory's name) already. @throws UsageError when it cannot be used */
  has(id: string): Promise<boolean>;
  /**
   * Takes the lease of the run whose id is the directory's name, and then makes the directory hold what the store has, if the directory lacks it.
   * From then on the directory is guarded by the lease, and the store follows its changes. Disposing of the run releases the lease; what is not in the store by then does
   * not get there.
   *
   * @throws UsageError when a coordinator is at work on the run, or the store cannot be used (credentials, version, ...)
   */
  open(directory: RunDirectory, options: LeaseOptions): Promise<StoredRun>;
}

/** A run in NATS while this coordinator drives it. */
import { LeaseLostError } from '../../../common/errors.js';
import { type DirectoryObserver, type DocumentName, type LogName } from '../../run/directory-observer.js';
import type { RunDirectory } from '../../run/directory.js';
import type { StoreLag, StoredRun } from '../run-store.js';
import { failureOf } from './client/failures.js';
import { BEAT_MS, type NatsLease, releaseLease } from './lease.js';
import { LogShape } from './log-shape.js';
import type { Mirror } from './mirror.js';
import { Outbox } from './outbox.js';
import type { Patience } from './client/patience.js';
import { readLog } from './push.js';
import type { OwnedState } from './state.js';

export class NatsRun implements StoredRun, DirectoryObserver {
  readonly lease: NatsLease;
  readonly #state: OwnedState;
  readonly #patience: Patience;
  readonly #outbox: Outbox;
  readonly #shapes: Record<LogName, LogShape>;
  readonly #beat: NodeJS.Timeout;
  readonly #end: AbortController;
  #disposed = false;

  /** @param end aborted by its disposal, once nothing is written any more */
  constructor(
    directory: RunDirectory,
    parts: { lease: NatsLease; state: OwnedState; mirror: Mirror; patience: Patience; end: AbortController },
  ) {
    this.lease = parts.lease;
    this.#state = parts.state;
    this.#patience = parts.patience;
    this.#end = parts.end;
    this.#shapes = {
      'events.jsonl': shapeOf(directory, 'events.jsonl'),
      'metrics.jsonl': shapeOf(directory, 'metrics.jsonl'),
      'quality.jsonl': shapeOf(directory, 'quality.jsonl'),
    };
    this.#outbox = new Outbox(
      (change) => parts.mirror.bring(change),
      (error) => this.#fail(error),
    );
    this.lease.lost.addEventListener('abort', () => this.#over(this.lease.lost.reason as LeaseLostError));
    this.#beat = setInterval(() => this.#renew(), BEAT_MS / 4).unref();
  }

  get lag(): StoreLag {
    const { writes, seconds } = this.#outbox.lag;
    return { writes, seconds, reason: writes === 0 ? '' : this.#patience.reason };
  }

  async settled(giveUp: AbortSignal): Promise<void> {
    await this.#outbox.settled(giveUp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    clearInterval(this.#beat);
    this.#outbox.end(new LeaseLostError('the run is closed'));
    // Where another coordinator has it by now, nothing is written.
    await releaseLease(this.#state);
    this.#end.abort(new LeaseLostError('the run is closed'));
  }

  appended(log: LogName, line: string): void {
    this.#outbox.push({ kind: 'log', ...this.#shapes[log].appended(line) });
  }

  rewritten(log: LogName, lines: readonly string[]): void {
    const change = this.#shapes[log].rewritten(lines);
    if (change !== undefined) this.#outbox.push({ kind: 'log', ...change });
  }

  document(name: DocumentName, text: string | undefined): void {
    this.#outbox.push({ kind: 'document', name, text });
  }

  checkpointAdded(step: number): void {
    this.#outbox.push({ kind: 'checkpoint', step, gone: false });
  }

  checkpointRemoved(step: number): void {
    this.#outbox.push({ kind: 'removal', step });
  }

  picture(path: string): void {
    this.#outbox.push({ kind: 'picture', path });
  }

  #renewing = false;

  #renew(): void {
    if (this.#renewing || this.#state.age < BEAT_MS) return;
    this.#renewing = true;
    this.#state
      .update()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => (this.#renewing = false));
  }

  /** The store will get nothing more, so the run cannot go on. */
  #fail(error: unknown): void {
    if (this.#disposed || this.lease.lost.aborted) return;
    this.lease.lose(
      error instanceof LeaseLostError
        ? error
        : new LeaseLostError(
            `the store takes nothing more of this run: ${failureOf(error).text}; this coordinator stops, and started again with the same --out it brings there what is missing`,
            { cause: error },
          ),
    );
  }

  #over(reason: LeaseLostError): void {
    clearInterval(this.#beat);
    this.#outbox.end(reason);
  }
}

function shapeOf(directory: RunDirectory, log: LogName): LogShape {
  const shape = new LogShape(log);
  const lines = readLog(directory, log).toString('utf8').split('\n').slice(0, -1);
  for (const line of lines) shape.appended(line);
  return shape;
}

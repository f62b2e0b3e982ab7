/** Changes of a run directory on their way to a store: one after the other, in the order in which they were made. */
import type { DocumentName } from '../../run/directory-observer.js';
import type { LogChange } from './log-messages.js';

export type Change =
  | ({ kind: 'log' } & LogChange)
  | { kind: 'document'; name: DocumentName; text: string | undefined }
  /** `gone`: it has been removed again, before the store had it. */
  | { kind: 'checkpoint'; step: number; gone: boolean }
  | { kind: 'removal'; step: number }
  | { kind: 'picture'; path: string };

interface Waiting {
  change: Change;
  /** Of the oldest write in it; performance.now(). */
  since: number;
  writes: number;
}

/** Lines of a log wait so long for others, or until there are so many bytes. */
const GATHER_MS = 500;
const GATHER_BYTES = 64 << 10;

export class Outbox {
  readonly #bring: (change: Change) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #waiting: Waiting[] = [];
  readonly #settling = new Set<() => void>();
  #ended: { error: Error } | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The first one is on its way. */
  #busy = false;

  /**
   * @param bring resolves when the store has it; rejects when the store will get nothing more
   * @param failed told of that
   */
  constructor(bring: (change: Change) => Promise<void>, failed: (error: unknown) => void) {
    this.#bring = bring;
    this.#failed = failed;
  }

  get lag(): { writes: number; seconds: number } {
    const [first] = this.#waiting;
    if (first === undefined) return { writes: 0, seconds: 0 };
    const writes = this.#waiting.reduce((sum, waiting) => sum + waiting.writes, 0);
    return { writes, seconds: (performance.now() - first.since) / 1000 };
  }

  push(change: Change): void {
    if (this.#ended !== undefined) return;
    if (change.kind === 'removal') this.#forget(change.step);
    const last = this.#waiting.length > (this.#busy ? 1 : 0) ? this.#waiting.at(-1) : undefined;
    const joined = last === undefined ? undefined : join(last.change, change);
    if (last !== undefined && joined !== undefined) {
      last.change = joined;
      last.writes += 1;
    } else this.#waiting.push({ change, since: performance.now(), writes: 1 });
    this.#go();
  }

  /** Resolves when all that was pushed before has been brought. @throws why nothing more is brought; the reason of `giveUp` */
  async settled(giveUp: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0) return this.#throwIfEnded();
    const last = this.#waiting.at(-1);
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (giveUp.aborted) reject(giveUp.reason as Error);
        else if (this.#ended !== undefined) reject(this.#ended.error);
        else if (last !== undefined && this.#waiting.includes(last)) return;
        else resolve();
        this.#settling.delete(look);
        giveUp.removeEventListener('abort', look);
      };
      this.#settling.add(look);
      giveUp.addEventListener('abort', look);
      look();
      this.#go();
    });
  }

  /** Nothing more is brought. */
  end(error: Error): void {
    clearTimeout(this.#timer);
    this.#ended ??= { error };
    for (const look of this.#settling) look();
  }

  #throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended.error;
  }

  #forget(step: number): void {
    for (const { change } of this.#waiting)
      if (change.kind === 'checkpoint' && change.step === step) change.gone = true;
  }

  #go(): void {
    const [first] = this.#waiting;
    if (this.#busy || this.#ended !== undefined || first === undefined) return;
    clearTimeout(this.#timer);
    const gatherMs = first.since + GATHER_MS - performance.now();
    if (gatherMs > 0 && gathers(first.change) && this.#waiting.length === 1 && this.#settling.size === 0) {
      this.#timer = setTimeout(() => this.#go(), gatherMs + 1);
      return;
    }
    this.#busy = true;
    this.#bring(first.change).then(
      () => {
        this.#busy = false;
        this.#waiting.shift();
        for (const look of this.#settling) look();
        this.#go();
      },
      (error: unknown) => {
        if (this.#ended !== undefined) return;
        this.end(error as Error);
        this.#failed(error);
      },
    );
  }
}

/** Lines that may wait for others. */
function gathers(change: Change): boolean {
  return (
    change.kind === 'log' &&
    change.log !== 'events.jsonl' &&
    change.keep === undefined &&
    change.text.length < GATHER_BYTES
  );
}

/** Both as one change; undefined where that is not the same. */
function join(last: Change, next: Change): Change | undefined {
  if (last.kind === 'document' && next.kind === 'document' && last.name === next.name) return next;
  if (last.kind !== 'log' || next.kind !== 'log' || last.log !== next.log) return undefined;
  if (!gathers(last) || !gathers(next)) return undefined;
  return { ...last, text: last.text + next.text };
}

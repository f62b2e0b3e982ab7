/** One direction of a relayed connection: what comes in goes out in order, later, or when a partition has healed. */
import type { Socket } from 'node:net';

/** How the line between two processes is at the moment; shared by all its lanes. */
export interface LineState {
  /** Everything is held this long. */
  delayMs: number;
  /** Nothing passes. */
  partitioned: boolean;
}

/** With so much held back the source is no longer read; its own buffers fill, and TCP stops the sender. */
export const HELD_BYTES = 4 << 20;
/** What holding a chunk costs beside its bytes, so that many small ones are bounded too. */
const CHUNK_COST = 256;

/** end: the source sends no more (FIN). reset: it is gone. */
type Item = Buffer | 'end' | 'reset';

export class Lane {
  readonly #from: Socket;
  readonly #line: LineState;
  readonly #held: { item: Item; due: number }[] = [];
  #to: Socket | undefined;
  #heldBytes = 0;
  #newest = 0;
  /** The destination takes no more for now. */
  #full = false;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, line: LineState) {
    this.#from = from;
    this.#line = line;
    from.on('data', (chunk: Buffer) => this.#hold(chunk));
    from.on('end', () => {
      this.#ended = true;
      this.#hold('end');
    });
    from.on('close', (failed) => {
      // A source that said goodbye and then closed has nothing to add.
      if (failed || !this.#ended) this.#hold('reset');
    });
  }

  /** Bytes that wait here. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** From now on it leads there. */
  connect(to: Socket): void {
    this.#to = to;
    const ready = () => {
      this.#full = false;
      this.flush();
    };
    to.on('drain', ready);
    to.on('close', ready);
    this.flush();
  }

  /** Lets out what may go out. */
  flush(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const [head] = this.#held;
      if (head === undefined || this.#to === undefined || this.#full || this.#line.partitioned) break;
      const wait = head.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.flush(), Math.ceil(wait));
        break;
      }
      this.#held.shift();
      this.#heldBytes -= costOf(head.item);
      this.#pass(head.item, this.#to);
    }
    if (this.#heldBytes <= HELD_BYTES && this.#from.isPaused()) this.#from.resume();
  }

  discard(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #hold(item: Item): void {
    // What comes after a delay has ended does not overtake what came before.
    this.#newest = Math.max(this.#newest, performance.now() + this.#line.delayMs);
    this.#held.push({ item, due: this.#newest });
    this.#heldBytes += costOf(item);
    if (this.#heldBytes > HELD_BYTES) this.#from.pause();
    this.flush();
  }

  #pass(item: Item, to: Socket): void {
    // A destination that is gone takes nothing; its own lane tells the source.
    if (to.destroyed) return;
    if (item === 'reset') to.resetAndDestroy();
    else if (item === 'end') to.end();
    else if (to.writable) this.#full = !to.write(item);
  }
}

function costOf(item: Item): number {
  return CHUNK_COST + (typeof item === 'string' ? 0 : item.length);
}

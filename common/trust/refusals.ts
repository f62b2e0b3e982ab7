/** Refused connections as lines of a log: each of an address and reason once a minute, and no flood of different ones. */
const WINDOW_MS = 60_000;
/** Lines in a window. */
const MOST_LINES = 10;

export class Refusals {
  readonly #now: () => number;
  /** Told in this window. */
  readonly #told = new Set<string>();
  #since = -Infinity;
  /** Refusals of this window of which no line told. */
  #untold = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns the line to write; undefined: none */
  line(peer: string, reason: string): string | undefined {
    const untold = this.#turn();
    const text = `refused a connection from ${peer}: ${reason}`;
    if (this.#told.has(text) || this.#told.size >= MOST_LINES) {
      this.#untold += 1;
      return undefined;
    }
    this.#told.add(text);
    return untold === 0 ? text : `${text} (${untold} more refusals since the last such line)`;
  }

  /** Begins a new window when it is time. @returns what the one before has not told */
  #turn(): number {
    if (this.#now() - this.#since < WINDOW_MS) return 0;
    const untold = this.#untold;
    this.#since = this.#now();
    this.#told.clear();
    this.#untold = 0;
    return untold;
  }
}

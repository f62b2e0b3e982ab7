/** For whoever watches a run in which nothing happens for a while. */

const [QUIET_MS, LOOK_MS] = [5000, 500];

/** Tells why nothing happens: once what is waited for has not come for a while, and again when it is something else. */
export class Silence implements Disposable {
  readonly #tell: (text: string) => void;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #since: number;
  #told = '';
  /** What the run waits for before it can go on; empty: it trains. */
  #reason = '';
  #step: number | undefined;

  constructor(tell: (text: string) => void, now = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
    this.#since = now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Something was seen. */
  broken(): void {
    this.#since = this.#now();
    this.#told = '';
  }

  /** The step that is computed now; undefined: none. */
  expect(step: number | undefined): void {
    this.broken();
    this.#step = step;
  }

  waiting(reason: string): void {
    if (reason === '') this.broken();
    this.#reason = reason;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#now() - this.#since < QUIET_MS) return;
    const slow = this.#step === undefined ? '' : `step ${this.#step} has taken more than ${QUIET_MS / 1000} s so far`;
    const text = this.#reason === '' ? slow : this.#reason;
    if (text === '' || text === this.#told) return;
    this.#told = text;
    this.#tell(text);
  }
}

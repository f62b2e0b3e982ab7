/** What happened and was not looked at yet, in its order; one reader. */
export class EventQueue<E extends { kind: string }> {
  readonly #waiting: E[] = [];
  #wake: (() => void) | undefined;

  push(event: E): void {
    this.#waiting.push(event);
    this.#wake?.();
  }

  /** The oldest one. */
  async take(): Promise<E> {
    for (;;) {
      const oldest = this.#waiting.shift();
      if (oldest !== undefined) return oldest;
      await this.#next();
    }
  }

  /** The oldest of a kind that fits, out of its turn; `undefined` when none has come within that time. */
  async find<K extends E['kind']>(
    kind: K,
    fits: (event: Extract<E, { kind: K }>) => boolean,
    milliseconds: number,
  ): Promise<Extract<E, { kind: K }> | undefined> {
    const matches = (event: E): event is Extract<E, { kind: K }> =>
      event.kind === kind && fits(event as Extract<E, { kind: K }>);
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const found = this.#waiting.find(matches);
      if (found !== undefined) {
        this.#waiting.splice(this.#waiting.indexOf(found), 1);
        return found;
      }
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      await this.#next(left);
    }
  }

  /** Until another one comes, or the time is over. */
  async #next(milliseconds?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (milliseconds !== undefined) timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

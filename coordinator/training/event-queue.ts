/** What happened and was not looked at yet, in its order; one reader. */
export class EventQueue<E> {
  #waiting: E[] = [];
  #wake: (() => void) | undefined;

  push(event: E): void {
    this.#waiting.push(event);
    this.#wake?.();
  }

  /** The oldest one. */
  async take(): Promise<E> {
    return (await this.find(() => true, Number.POSITIVE_INFINITY)) as E;
  }

  /** The oldest one that fits, out of its turn; `undefined` when none has come within that time. */
  async find<F extends E>(fits: (event: E) => event is F, milliseconds: number): Promise<F | undefined>;
  async find(fits: (event: E) => boolean, milliseconds: number): Promise<E | undefined>;
  async find(fits: (event: E) => boolean, milliseconds: number): Promise<E | undefined> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const index = this.#waiting.findIndex(fits);
      if (index >= 0) return this.#waiting.splice(index, 1)[0];
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      await this.#next(left);
    }
  }

  async #next(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (Number.isFinite(milliseconds)) timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

/**
 * Faults within the compute thread. The network thread asks for them and the compute thread makes them; they meet in
 * shared memory, so that a fault which comes before a Begin is there when the step begins.
 */

/** Where what lies in the shared memory. */
const [NAN, DELAY_MS, UNTIL] = [0, 1, 2];
const FOR_EVER = -1n;

export class ComputeFaults {
  /** For the other thread. */
  readonly shared: BigInt64Array<SharedArrayBuffer>;
  readonly #never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  constructor(shared = new BigInt64Array(new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT))) {
    this.shared = shared;
  }

  /** The next data that is asked about gets a NaN, once. */
  nan(): void {
    Atomics.store(this.shared, NAN, 1n);
  }

  /**
   * Every phase that computes takes `delayMs` longer.
   *
   * @param forMs how long this lasts; 0: for ever
   */
  slow(delayMs: number, forMs: number): void {
    Atomics.store(this.shared, UNTIL, forMs > 0 ? process.hrtime.bigint() + BigInt(forMs) * 1_000_000n : FOR_EVER);
    Atomics.store(this.shared, DELAY_MS, BigInt(delayMs));
  }

  /** How much slower a phase is now; 0: not. A time that is over is noticed by `pace`. */
  get delayMs(): number {
    return Number(Atomics.load(this.shared, DELAY_MS));
  }

  /** True while a NaN waits for its data. */
  get nanAsked(): boolean {
    return Atomics.load(this.shared, NAN) === 1n;
  }

  /** @returns the same array, its first value NaN if that was asked for */
  poison(data: Float32Array): Float32Array {
    if (data.length > 0 && Atomics.exchange(this.shared, NAN, 0n) === 1n) data[0] = Number.NaN;
    return data;
  }

  /** Sleeps for as long as a phase is to be slower. */
  pace(): void {
    const { delayMs } = this;
    if (delayMs === 0) return;
    const until = Atomics.load(this.shared, UNTIL);
    // The clock is the machine's, the same in both threads.
    if (until === FOR_EVER || process.hrtime.bigint() < until) Atomics.wait(this.#never, 0, 0, delayMs);
    else Atomics.compareExchange(this.shared, DELAY_MS, BigInt(delayMs), 0n);
  }
}

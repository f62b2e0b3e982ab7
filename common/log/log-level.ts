/** How much a process logs; can change while it runs, for all threads of the process at once. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where what lies in the shared memory. */
const [NOW, START] = [0, 1];

export class LevelSwitch {
  /** For the other threads. */
  readonly memory: Int32Array<SharedArrayBuffer>;

  /** @param from the level at the start, or the memory of another thread's switch */
  constructor(from: LogLevel | Int32Array<SharedArrayBuffer>) {
    if (typeof from !== 'string') {
      this.memory = from;
      return;
    }
    this.memory = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
    this.memory.fill(LOG_LEVELS.indexOf(from));
  }

  get level(): LogLevel {
    return this.#read(NOW);
  }

  /** Between the level at the start and debug; where that is debug or more already, info. */
  get other(): LogLevel {
    const start = this.#read(START);
    if (this.level !== start) return start;
    return start === 'debug' || start === 'trace' ? 'info' : 'debug';
  }

  set(level: LogLevel): void {
    Atomics.store(this.memory, NOW, LOG_LEVELS.indexOf(level));
  }

  #read(index: number): LogLevel {
    return LOG_LEVELS[Atomics.load(this.memory, index)] ?? 'info';
  }
}

/** Resident memory of a run's processes while it goes on: does anything grow? */
import { residentBytes } from '../../tests/support/machine/processes.js';
import { eventsNamed } from '../../tests/support/runs/faults.js';
import { median } from '../statistics.js';

const EVERY_MS = 5000;

export class MemoryLog implements Disposable {
  readonly #out: string;
  readonly #coordinator: () => number;
  readonly #timer: NodeJS.Timeout;
  /** Bytes by process, in the order of time. */
  readonly #readings = new Map<string, number[]>();

  constructor(out: string, coordinator: () => number) {
    this.#out = out;
    this.#coordinator = coordinator;
    this.#timer = setInterval(() => this.#read(), EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** By process: the median of the first quarter of the run, of the last, and the highest, MiB. */
  summary(): string {
    return [...this.#readings]
      .map(([name, values]) => {
        const quarter = Math.max(1, Math.floor(values.length / 4));
        const shown = (bytes: number) => Math.round(bytes / 2 ** 20);
        const [first, last] = [median(values.slice(0, quarter)), median(values.slice(-quarter))];
        return `${name} ${shown(first)} -> ${shown(last)} (highest ${shown(Math.max(...values))}) MiB`;
      })
      .join(', ');
  }

  #read(): void {
    const pids = new Map<string, number>([['coordinator', this.#coordinator()]]);
    for (const { role, worker } of eventsNamed(this.#out, 'role-assigned')) {
      pids.set(role, Number(worker.split('/').at(-1)));
    }
    for (const [name, pid] of pids) {
      try {
        this.#readings.set(name, [...(this.#readings.get(name) ?? []), residentBytes(pid)]);
      } catch {
        // A fault has just taken it.
      }
    }
  }
}

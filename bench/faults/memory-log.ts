/** Resident memory of a run's processes while it goes on: does anything grow? */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../coordinator/run/journal.js';
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
    const path = join(this.#out, 'events.jsonl');
    if (!existsSync(path)) return;
    const pids = new Map<string, number>([['coordinator', this.#coordinator()]]);
    for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
      const event = JSON.parse(line) as RunEvent;
      if (event.event === 'role-assigned') pids.set(event.role, Number(event.worker.split('/').at(-1)));
    }
    for (const [name, pid] of pids) {
      const bytes = resident(pid);
      if (bytes !== undefined) this.#readings.set(name, [...(this.#readings.get(name) ?? []), bytes]);
    }
  }
}

function resident(pid: number): number | undefined {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

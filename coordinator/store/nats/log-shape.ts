/** What is known of a log without holding it: how long its lines are, and a hash of each. */
import { createHash } from 'node:crypto';
import type { LogChange } from './log-messages.js';
import type { LogName } from '../../run/directory-observer.js';

export class LogShape {
  readonly #log: LogName;
  /** Of each line, with its end. */
  #bytes: number[] = [];
  #hashes: number[] = [];

  constructor(log: LogName) {
    this.#log = log;
  }

  appended(line: string): LogChange {
    this.#add(line);
    return { log: this.#log, text: `${line}\n` };
  }

  /** The smallest change that makes these its lines; undefined: they are already. */
  rewritten(lines: readonly string[]): LogChange | undefined {
    let same = 0;
    let keep = 0;
    for (; same < Math.min(lines.length, this.#hashes.length); same += 1) {
      const line = lines[same] ?? '';
      if (this.#hashes[same] !== hashOf(line) || this.#bytes[same] !== bytesOf(line)) break;
      keep += bytesOf(line);
    }
    const cuts = same < this.#hashes.length;
    if (!cuts && same === lines.length) return undefined;
    this.#bytes.length = same;
    this.#hashes.length = same;
    const added = lines.slice(same);
    for (const line of added) this.#add(line);
    const text = added.map((line) => `${line}\n`).join('');
    return cuts ? { log: this.#log, keep, text } : { log: this.#log, text };
  }

  #add(line: string): void {
    this.#bytes.push(bytesOf(line));
    this.#hashes.push(hashOf(line));
  }
}

const bytesOf = (line: string) => Buffer.byteLength(line) + 1;

/** 48 bits: of two lines at the same place that differ, one pair in 10^14 is taken for the same. */
const hashOf = (line: string) => createHash('sha256').update(line).digest().readUIntBE(0, 6);

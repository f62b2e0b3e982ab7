/** Follows a journal of a run (JSON lines) by reading what was appended to it, whoever writes it. */
import { type FileHandle, open } from 'node:fs/promises';

/** Lines that came at once. A journal of gigabytes comes in many of these, and other work between them. */
export interface TailBatch {
  /** These are the file's first lines, and all that came before no longer counts: it was rewritten (a rollback), or is new. */
  restarted: boolean;
  lines: string[];
}

/** A few milliseconds of a coordinator's event loop. */
const CHUNK_BYTES = 64 << 10;
/** What has no end of line for so long is no journal line; it is passed over. */
const LONGEST_LINE_BYTES = 4 << 20;
/** The last bytes that were read are read once more: they tell a file from another one that took its name. */
const MARK_BYTES = 64;

interface Position {
  inode: number;
  /** Bytes that were read: whole lines and the beginning of the next. */
  offset: number;
  /** The last of them. */
  mark: Buffer;
}

export class JournalTail {
  readonly #path: string;
  #position: Position | undefined;
  /** The beginning of a line whose end has not come. */
  #rest: Buffer = Buffer.alloc(0);
  #passingOver = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** What is new since the last call, whole lines only. Not to be called again before it has ended. */
  async *read(): AsyncGenerator<TailBatch> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch {
      // Not there yet, or no longer: then it starts anew.
      if (this.#position !== undefined) yield this.#restart();
      return;
    }
    try {
      const { ino, size } = await file.stat();
      if (this.#position !== undefined && !(await this.#isSame(file, ino, size))) yield this.#restart();
      this.#position ??= { inode: ino, offset: 0, mark: Buffer.alloc(0) };
      // To where it ends now: a writer that never rests must not keep the reader for ever.
      while (this.#position.offset < size) {
        const wanted = Math.min(CHUNK_BYTES, size - this.#position.offset);
        const { bytesRead, buffer } = await file.read(Buffer.alloc(wanted), 0, wanted, this.#position.offset);
        if (bytesRead === 0) return;
        const lines = this.#take(buffer.subarray(0, bytesRead));
        if (lines.length > 0) yield { restarted: false, lines };
      }
    } finally {
      await file.close();
    }
  }

  async #isSame(file: FileHandle, inode: number, size: number): Promise<boolean> {
    const { inode: known, offset, mark } = this.#position as Position;
    if (inode !== known || size < offset) return false;
    // The number of a file that was replaced may be given to the next one but one.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mark.length), 0, mark.length, offset - mark.length);
    return bytesRead === mark.length && buffer.equals(mark);
  }

  #restart(): TailBatch {
    this.#position = undefined;
    this.#rest = Buffer.alloc(0);
    this.#passingOver = false;
    return { restarted: true, lines: [] };
  }

  #take(bytes: Buffer): string[] {
    const position = this.#position as Position;
    position.offset += bytes.length;
    position.mark = Buffer.from(Buffer.concat([position.mark, bytes.subarray(-MARK_BYTES)]).subarray(-MARK_BYTES));
    const end = bytes.lastIndexOf('\n');
    if (end < 0) {
      if (this.#rest.length + bytes.length > LONGEST_LINE_BYTES) this.#passingOver = true;
      this.#rest = this.#passingOver ? Buffer.alloc(0) : Buffer.concat([this.#rest, bytes]);
      return [];
    }
    const lines = Buffer.concat([this.#rest, bytes.subarray(0, end)])
      .toString('utf8')
      .split('\n');
    if (this.#passingOver) lines.shift();
    this.#passingOver = false;
    this.#rest = Buffer.from(bytes.subarray(end + 1));
    return lines;
  }
}

/** A line as an object; undefined: it is none (cut off by a crash). */
export function parsedLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

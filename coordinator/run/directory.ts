/** The run directory: everything a run leaves behind, each file whole or not there. */
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../common/errors.js';
import { readToken } from '../../common/join-options.js';
import { whenFree } from '../../common/process/when-free.js';
import { DOCUMENTS, type DirectoryObserver, type DocumentName, type LogName } from './directory-observer.js';
import { storageError } from './storage-error.js';
import { syncFolder, writeSynced } from './sync.js';

/** Less than this free and a run is not begun: its first checkpoint would not fit. */
const LEAST_FREE_BYTES = 64 << 20;

/** Characters of a token that nobody guesses. */
const LEAST_TOKEN = 32;

/** What a start leaves when it is killed before there is a config.json. */
const OF_A_RUN =
  /^(samples|checkpoints|logs|token|store\.json|lease\.\d+\.json|\w+\.jsonl|(run|best)\.json|\..+\.tmp)$/;

export class RunDirectory {
  readonly path: string;

  /** The highest folder that `create` had to make. */
  readonly #made: string;

  #guard: () => void = () => {};
  #observer: DirectoryObserver | undefined;

  private constructor(path: string, made = path) {
    this.path = path;
    this.#made = made;
  }

  /** @throws UsageError when the directory holds something already, or cannot be written, or has no room */
  static create(path: string): RunDirectory {
    const absolute = resolve(path);
    if (existsSync(join(absolute, 'config.json'))) {
      throw new UsageError(`${path} already holds a run: go on with it by --resume ${path}, or choose another --out`);
    }
    // Below a file there is nothing either: making the folder says so.
    const found = existsSync(absolute) ? statSync(absolute) : undefined;
    if (found && !found.isDirectory()) throw new UsageError(`${path} is not a folder: choose another --out`);
    if (found && readdirSync(absolute).length > 0) throw new UsageError(`${path} is not empty: choose another --out`);
    let made = absolute;
    try {
      made = mkdirSync(absolute, { recursive: true }) ?? absolute;
      for (const folder of ['samples', 'checkpoints', 'logs']) mkdirSync(join(absolute, folder));
      const { bavail, bsize } = statfsSync(absolute);
      if (bavail * bsize < LEAST_FREE_BYTES) {
        rmSync(absolute, { recursive: true, force: true });
        throw new UsageError(
          `the disk of ${path} is full: ${Math.floor((bavail * bsize) / 1e6)} MB are free, a run needs ${Math.ceil(LEAST_FREE_BYTES / 1e6)} MB at least; free some, or choose another --out`,
        );
      }
      // Every folder that was made, and the one that holds the highest of them.
      for (let folder = absolute; ; folder = dirname(folder)) {
        syncFolder(folder);
        // The root too: should the system spell the folder that it made in another way, none below it would be the last.
        if (folder === dirname(made) || folder === dirname(folder)) break;
      }
    } catch (error) {
      throw storageError(error, path);
    }
    return new RunDirectory(absolute, made);
  }

  /** The run that is in it, or a new one. What an interrupted start left there goes. @throws UsageError as `create` does */
  static openOrCreate(path: string): RunDirectory {
    const absolute = resolve(path);
    if (existsSync(join(absolute, 'config.json'))) return RunDirectory.open(path);
    const found = existsSync(absolute) && statSync(absolute).isDirectory() ? readdirSync(absolute) : [];
    if (found.every((name) => OF_A_RUN.test(name))) {
      for (const name of found) rmSync(join(absolute, name), { recursive: true, force: true });
    }
    return RunDirectory.create(path);
  }

  /** @throws UsageError when there is no run in it */
  static open(path: string): RunDirectory {
    const absolute = resolve(path);
    if (!existsSync(absolute)) throw new UsageError(`${path} does not exist: name a run directory, such as runs/ID`);
    if (!existsSync(join(absolute, 'config.json'))) {
      throw new UsageError(`${path} holds no run (no config.json): name a run directory, such as runs/ID`);
    }
    return new RunDirectory(absolute);
  }

  /** From now on `check` is asked before every write: it throws what forbids it. */
  guardWith(check: () => void): void {
    this.#guard = check;
  }

  /** From now on it hears of every change. */
  observe(observer: DirectoryObserver): void {
    this.#observer = observer;
  }

  /** Told after a change that does not go through this class. */
  get observer(): DirectoryObserver | undefined {
    return this.#observer;
  }

  /** To be called before a write that does not go through this class. @throws what forbids it */
  assertWritable(): void {
    this.#guard();
  }

  /** False: what is in it is another coordinator's, who may be at work on it. */
  get isWritable(): boolean {
    try {
      this.#guard();
      return true;
    } catch {
      return false;
    }
  }

  get id(): string {
    return basename(this.path);
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  writeJson(name: string, value: unknown): void {
    this.#guard();
    const text = `${JSON.stringify(value, null, 2)}\n`;
    writeWhole(this.file(name), text);
    const document = DOCUMENTS.find((known) => known === name);
    if (document !== undefined) this.#observer?.document(document, text);
  }

  removeDocument(name: DocumentName): void {
    this.#guard();
    if (!existsSync(this.file(name))) return;
    rmSync(this.file(name), { force: true });
    this.#observer?.document(name, undefined);
  }

  append(log: LogName, value: object): void {
    this.#guard();
    const line = JSON.stringify(value);
    try {
      whenFree(() => appendFileSync(this.file(log), `${line}\n`));
    } catch (error) {
      throw storageError(error, this.file(log));
    }
    this.#observer?.appended(log, line);
  }

  /** @param lines all that the log holds from now on */
  rewrite(log: LogName, lines: readonly string[]): void {
    this.#guard();
    writeWhole(this.file(log), lines.map((line) => `${line}\n`).join(''));
    this.#observer?.rewritten(log, lines);
  }

  /** @param path below the directory, with slashes */
  writePicture(path: string, picture: Uint8Array): void {
    this.#guard();
    writeWhole(this.file(path), picture);
    this.#observer?.picture(path);
  }

  /** @throws UsageError when the file is missing or not JSON */
  readJson(name: string): unknown {
    try {
      return JSON.parse(readFileSync(this.file(name), 'utf8'));
    } catch (error) {
      throw new UsageError(`${this.file(name)} cannot be read: the run directory is damaged`, { cause: error });
    }
  }

  /**
   * The join token that the run has: workers that outlive a coordinator know it. A new one if there is none.
   *
   * @param given a file that has it, instead of the directory's own
   * @throws UsageError when that file cannot be read, or what it holds is too short to be a secret
   */
  token(given?: string): string {
    if (given !== undefined) return readSecret(given);
    const file = this.file('token');
    const known = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    return /^[0-9a-f]{64}$/.test(known) ? known : this.#writeToken();
  }

  /** For the worker processes of this user only. */
  #writeToken(): string {
    this.#guard();
    const token = randomBytes(32).toString('hex');
    try {
      writeFileSync(this.file('token'), token, { mode: 0o600 });
    } catch (error) {
      throw storageError(error, this.file('token'));
    }
    return token;
  }

  /** Undoes `create`, for a start that failed before anything was trained. */
  discard(): void {
    if (!this.isWritable) return;
    rmSync(this.path, { recursive: true, force: true });
    for (let folder = this.path; folder !== this.#made;) {
      folder = dirname(folder);
      // Another run may have made itself at home there meanwhile.
      if (readdirSync(folder).length > 0) return;
      rmdirSync(folder);
    }
  }
}

/** The join token of a file that the user gives. @throws UsageError when it cannot be read or is none */
export function readSecret(file: string): string {
  const token = readToken(file);
  if (token.length >= LEAST_TOKEN && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(
    `--token-file ${file} holds no join token: it takes at least ${LEAST_TOKEN} printable characters without a space, as \`openssl rand -hex 32\` makes them`,
  );
}

/**
 * Writes to a temporary name, syncs, renames: a reader sees the old file or the new one, never a part; after a power cut,
 * too. The folder's other names last from then on as well.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    writeSynced(temporary, content);
    whenFree(() => renameSync(temporary, path));
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw storageError(error, path);
  }
}

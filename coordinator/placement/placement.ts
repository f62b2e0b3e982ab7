/** Where the workers come from. */
import type { TrustFiles } from '../../common/trust/files.js';

export interface Placement extends AsyncDisposable {
  /** From now on workers may come: they join at `coordinator` with the token in `tokenFile`. */
  start(options: StartOptions): void;
  /**
   * Starts, or asks for, workers until so many are there or on their way.
   *
   * @param missing roles that have no worker now
   */
  ensure(count: number, missing: number): void;
  /** Whether this process is a worker that it started. */
  owns(pid: number): boolean;
  /** Ends a worker's process that does not belong to the run any more, whatever state it is in. */
  end(pid: number): void;
}

export interface StartOptions {
  /** host:port */
  coordinator: string;
  tokenFile: string;
  /** With which they talk mutual TLS; undefined: none. */
  trust: TrustFiles | undefined;
  /** Folder for the workers' own output. */
  logs: string;
  /** A worker process ended that had not been told to. */
  ended(pid: number, reason: string): void;
  /** A line for the user. */
  say(line: string): void;
}

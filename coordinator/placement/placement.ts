/** Where the workers come from. */
export interface Placement extends AsyncDisposable {
  /** Starts, or announces, `count` workers that will join at `coordinator` with the token in `tokenFile`. */
  start(options: StartOptions): void;
}

export interface StartOptions {
  count: number;
  /** host:port */
  coordinator: string;
  tokenFile: string;
  /** Folder for the workers' own output. */
  logs: string;
  /** A worker process ended that had not been told to. */
  ended(reason: string): void;
  /** A line for the user. */
  say(line: string): void;
}

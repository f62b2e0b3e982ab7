/** Who follows every change of a run directory, in the order in which they are made, after each. */

/** A JSON object a line. */
export const LOGS = ['events.jsonl', 'metrics.jsonl', 'quality.jsonl'] as const;
export type LogName = (typeof LOGS)[number];

/** Each whole, and written anew when it changes. */
export const DOCUMENTS = ['config.json', 'run.json', 'best.json'] as const;
export type DocumentName = (typeof DOCUMENTS)[number];

export interface DirectoryObserver {
  /** @param line without its end */
  appended(log: LogName, line: string): void;
  /** It consists of these lines now. */
  rewritten(log: LogName, lines: readonly string[]): void;
  /** @param text undefined: it is gone */
  document(name: DocumentName, text: string | undefined): void;
  /** It is complete. What its folder holds does not change any more; it may be gone by the time somebody looks. */
  checkpointAdded(step: number): void;
  checkpointRemoved(step: number): void;
  /** @param path below the run directory, with slashes: samples/step-000500.png, whole */
  picture(path: string): void;
}

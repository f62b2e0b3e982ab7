/** A run as people look at it: what the live page, `coordinator status` and scripts get (JSON, /api/run). */

/**
 * starting: the data and the engines load. waiting: for workers, or for the store. recovering: a step was called off, and has not been
 * committed again yet. The others as in run.json.
 */
export const RUN_STATES = ['starting', 'waiting', 'training', 'recovering', 'finished', 'stopped', 'failed'] as const;
export type RunState = (typeof RUN_STATES)[number];

export const WORKER_STATES = ['missing', 'starting', 'ready'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** A role and who computes it, or a spare. */
export interface WorkerView {
  /** Empty: a spare. */
  role: string;
  state: WorkerState;
  /** host/pid; empty: nobody has the role. */
  worker: string;
  /** e.g. "tensorflow 2.21.0"; empty: not known yet. */
  engine: string;
  /** cpu or cuda; empty: not known yet. */
  device: string;
  /** What its compute thread does (worker/phase-board.ts), and for how long. */
  phase: string;
  phaseMs: number;
  /** Since anything came from it. */
  heartbeatMs: number;
  residentBytes: number;
  /** host:port of its /metrics; empty: none. */
  metrics: string;
}

/** What the coordinator of a run knows and its directory does not. */
export interface LiveView {
  state: Extract<RunState, 'starting' | 'waiting' | 'training' | 'recovering'>;
  /** What it waits for; empty: nothing. */
  reason: string;
  /** Newest committed step; lower than before while steps are replayed. */
  step: number;
  epoch: number;
  /** Milliseconds since the last commit; 0 before the first. */
  sinceCommitMs: number;
  /** Roles in their order, discriminator first, then spares. */
  workers: WorkerView[];
}

export interface RunView {
  id: string;
  state: RunState;
  /** Why it ended, unless it came to its last step; while it is live, what it waits for. */
  reason: string;
  system: string;
  data: string;
  generators: number;
  batch: number;
  seed: number;
  /** Newest committed step, and the last one. */
  step: number;
  steps: number;
  epoch: number;
  /** How often the run went back to its best checkpoint. */
  branch: number;
  /** ISO 8601. */
  created: string;
  /** Median of the newest steps, milliseconds; 0 before the first. */
  stepMs: number;
  /** At that speed; 0 for a run that is over. */
  secondsLeft: number;
  /** False for a run that nobody drives: what is known comes from its directory. */
  live: boolean;
  /** Addresses in use while it is live; empty otherwise. */
  address: string;
  page: string;
  metrics: string;
  /** Milliseconds since the last commit; 0 when not known. */
  sinceCommitMs: number;
  /** Empty when not live. */
  workers: WorkerView[];
}

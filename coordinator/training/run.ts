/** A run as the coordinator holds it: what was asked for, where it is kept, and how far it has come. */
import type { EngineChoice } from '../../common/engine-choice.js';
import type { TrainingConfig } from '../../gan/config.js';
import type { RunIdentity } from '../run/config/identity.js';
import type { RunSettings } from '../run/config/options.js';
import type { RunDirectory } from '../run/directory.js';
import type { Journal, StepMetrics } from '../run/journal/journal.js';
import type { Quality } from '../run/journal/quality.js';
import type { Rollback } from '../run/journal/rollbacks.js';
import type { StoreLag } from '../store/run-store.js';

export interface Run {
  directory: RunDirectory;
  journal: Journal;
  training: TrainingConfig;
  settings: RunSettings;
  engine: EngineChoice;
  /** CPU threads by role; kept on resume. */
  threads: Readonly<Record<string, number>>;
  /** Steps committed before this start: 0, or the checkpoint's. */
  step: number;
  /** False: this start made its directory. */
  resumed: boolean;
  token: string;
  /** How far the store is behind the directory. */
  lag(): StoreLag;
  /** Of one sample, once the data is open; empty before. */
  readonly sampleShape: readonly number[];
  /** A number of membership that no coordinator of this run has used before. On the disk before it is returned. */
  nextEpoch(): number;
  /** Records the shape of one sample, once the data is open. */
  describeData(sampleShape: number[]): void;
  /** So far. */
  readonly rollbacks: readonly Rollback[];
  recordRollback(rollback: Rollback): void;
  /** What else decides the bits of the result. */
  identity: RunIdentity;
}

/** What a person watching wants to see. */
export interface Spectator {
  say(line: string): void;
  began(step: number): void;
  committed(metrics: StepMetrics): void;
  measured(quality: Quality): void;
  /** Training cannot begin or go on until this has changed; empty: it can. Once for each change. */
  waiting(reason: string, epoch: number): void;
  /** The run went back to this step. */
  wentBack(step: number): void;
  ended(): void;
}

/**
 * What a page gets of a run besides its RunView: under /api/, and on /api/stream as server-sent events of these names. Types
 * alone: the browser's code imports them.
 */
import type { RunView } from './run-view.js';

/** Null: no number of that column came (a step that was not finite). */
export type Column = (number | null)[];

/** All committed steps, thinned: columns of the same length. A point is the mean over a bucket of steps. */
export interface HistoryColumns {
  /** Mean step of the bucket. */
  step: Column;
  discriminatorLoss: Column;
  averageGeneratorLoss: Column;
  /** A column a generator. */
  generatorLosses: Column[];
  /** x, g1, g2, ...: share of the samples that it won, 0 to 1. */
  verdicts: Record<string, Column>;
  /** Milliseconds from commit to commit. */
  ms: Column;
}

export interface HistoryPart {
  /** Points of another generation no longer hold. */
  generation: number;
  /** Points before this one are as they were. 0: these are all. */
  from: number;
  /** Steps that a point stands for. */
  bucketSteps: number;
  columns: HistoryColumns;
}

export interface EventView {
  /** Counts the run's events from 1. */
  number: number;
  /** ISO 8601; empty: not known. */
  time: string;
  event: string;
  level: 'debug' | 'info' | 'warn' | 'error';
  text: string;
}

/** Something to be marked on a chart. */
export interface Marker {
  step: number;
  kind: 'fault' | 'rollback' | 'checkpoint';
}

/** A step was called off, and has not been committed again. */
export interface RecoveryView {
  since: string;
  step: number;
  reason: string;
}

export interface EventsPart {
  /** True: these are the newest of all. False: the ones since. */
  all: boolean;
  /** Oldest first. */
  events: EventView[];
  /** All that are kept. */
  markers: Marker[];
  recovery: RecoveryView | null;
}

export interface QualityPoint {
  step: number;
  kid: number;
  /** Figures below it are noise. */
  floor: number;
  /** By role. */
  generators: Record<string, number>;
}

export interface QualityView {
  /** By step; a long run's are thinned. */
  points: QualityPoint[];
  best: { step: number; kid: number } | null;
  /** Modes that the newest found, and of how many; null: the data has none that are known. */
  modes: { found: number; of: number } | null;
}

/** Steps of which there is a picture, ascending. */
export interface SamplesView {
  steps: number[];
  /** Grows when pictures of before may have changed. */
  generation: number;
}

/** Server-sent events by name. */
export interface StreamMessages {
  run: RunView;
  history: HistoryPart;
  events: EventsPart;
  quality: QualityView;
  samples: SamplesView;
  /** Nothing happened; the connection stands. */
  beat: Record<string, never>;
}

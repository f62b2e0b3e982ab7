/** What the coordinator and its evaluator process say to each other (node:child_process IPC). */
import type { Measured } from '../run/journal/quality.js';

export type ToEvaluator = { kind: 'measure'; step: number };

export type FromEvaluator =
  /** What it is about to do, when that takes long. */
  | { kind: 'progress'; text: string }
  | { kind: 'measured'; step: number; measured: Measured }
  /** Its last words. */
  | { kind: 'failed'; reason: string };

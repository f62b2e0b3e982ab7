/** The evaluations of a run while it trains: how good each was, and which was the best. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../../../common/errors.js';
import type { RunDirectory } from '../directory.js';

/** What an evaluation measures; docs/stability.md has the sample sizes. */
export interface Measured {
  /** KID of the mixture of all generators; may be slightly negative. */
  kid: number;
  /** By generator. */
  generators: Record<string, number>;
  /** The largest |KID| among batches of real data of the same size: figures below it are noise. */
  floor: number;
  /** Modes with a sample of the mixture, where the data has known modes, and how many there are. */
  modes?: number;
  modesOf?: number;
  /** Share of the points that lie within 3 standard deviations of a mode. */
  highQuality?: number;
  /** Of the histogram of digits, nats. */
  classEntropy?: number;
}

/** A line of quality.jsonl. */
export interface Quality extends Measured {
  step: number;
  /** The lowest KID so far, and its step. */
  best: number;
  bestStep: number;
  /** max(kid, floor) / max(best, floor): 1 is as good as ever. */
  ratio: number;
  /** True after a last step that no `evaluateEvery` divides: no rule looks at it, and a run that goes on drops it. */
  extra?: true;
}

export interface Best {
  step: number;
  kid: number;
}

const bestSchema = z.object({ step: z.int().min(0), kid: z.number() });
const FILE = 'best.json';

/** @param best of the evaluations before it; undefined: it is the first */
export function rated(step: number, measured: Measured, best: Best | undefined): Quality {
  const { kid, floor } = measured;
  const lowest = best === undefined || kid < best.kid ? { step, kid } : best;
  const ratio = Math.max(kid, floor) / Math.max(lowest.kid, floor);
  // Real data of no spread has a floor of 0, and a model as good as it a KID of 0.
  return { step, ...measured, best: lowest.kid, bestStep: lowest.step, ratio: Number.isNaN(ratio) ? 1 : ratio };
}

/** The best as of the newest of these. */
export function bestOf(quality: readonly Quality[]): Best | undefined {
  const newest = quality.at(-1);
  return newest === undefined ? undefined : { step: newest.bestStep, kid: newest.best };
}

export function writeBest(directory: RunDirectory, best: Best | undefined): void {
  if (best === undefined) directory.removeDocument(FILE);
  else directory.writeJson(FILE, best);
}

/** @returns undefined when the run has no evaluation @throws UsageError when the file is damaged */
export function readBest(directory: RunDirectory): Best | undefined {
  if (!existsSync(directory.file(FILE))) return undefined;
  const result = bestSchema.safeParse(directory.readJson(FILE));
  if (result.success) return result.data;
  throw new UsageError(`${directory.file(FILE)} names no step and its KID: the run directory is damaged`);
}

/** What `bench cost` has measured, a line a pair, as it comes: a long run that ends early goes on where it was. */
import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import { UsageError, messageOf } from '../../common/errors.js';
import { BENCH_DEVICES, type BenchDevice } from '../device.js';
import type { Work } from '../work.js';

const failed = z.strictObject({ failed: z.string() });
const peer = z.union([z.strictObject({ ms: z.number() }), failed]);
const bytes = z.int().min(0);

const pairSchema = z.strictObject({
  batch: z.number(),
  image: z.number(),
  width: z.number(),
  generators: z.number(),
  device: z.enum(BENCH_DEVICES),
  /** Measured steps, after the warm-up. */
  steps: z.number(),
  /** From 1 on. */
  pair: z.number(),
  /** Milliseconds of a step: in all, of the longest chain of compute, and of the discriminator's own work; medians. */
  duet: z.union([z.strictObject({ ms: z.number(), chainMs: z.number(), discriminatorMs: z.number() }), failed]),
  /** As many processes, a thread each. */
  gloo: peer,
  /** One process, two threads. */
  one: peer,
  /** On a card: bytes of a step. */
  transfers: z.strictObject({ upload: bytes, readback: bytes }).optional(),
});
/** Duet and its peers, measured one after the other. */
export type Pair = z.output<typeof pairSchema>;

export class Ledger {
  readonly #path: string | undefined;
  readonly #pairs: Pair[];

  /**
   * @param path a file of JSON lines, which is made if it is not there; undefined: nothing is kept
   * @throws UsageError when it holds anything else, or cannot be written
   */
  constructor(path: string | undefined) {
    this.#path = path;
    this.#pairs = path === undefined ? [] : readPairs(path);
  }

  add(pair: Pair): void {
    this.#pairs.push(pair);
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(pair)}\n`);
  }

  /** Those of this work, in order; other steps on another device are another measurement. */
  of(work: Work, device: BenchDevice, steps: number): Pair[] {
    const same = (pair: Pair) => (Object.keys(work) as (keyof Work)[]).every((key) => pair[key] === work[key]);
    return this.#pairs.filter((pair) => pair.device === device && pair.steps === steps && same(pair));
  }
}

/** A last line that was cut off is one that never was. */
function readPairs(path: string): Pair[] {
  const text = readOrMake(path);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const pairs = whole
    .split('\n')
    .slice(0, -1)
    .map((line, i) => parsed(line, `${path}, line ${i + 1}`));
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  return pairs;
}

function readOrMake(path: string): string {
  try {
    appendFileSync(path, '');
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--out ${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

function parsed(line: string, where: string): Pair {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Nor is it a pair.
  }
  const pair = pairSchema.safeParse(value);
  if (pair.success) return pair.data;
  throw new UsageError(`${where} is no measurement of bench cost: give another --out, or delete the line`);
}

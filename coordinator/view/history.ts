/** All committed steps of a run as columns of at most so many points, whatever its length: what charts draw. */
import type { StepMetrics } from '../run/journal/journal.js';
import type { HistoryColumns, HistoryPart } from './messages.js';

interface Sum {
  sum: number;
  count: number;
}

/** Figures of a bucket: sums by the name of their column. */
type Sums = Map<string, Sum>;

interface Bucket {
  index: number;
  sums: Sums;
}

const DEFAULT_POINTS = 1000;
const DIGITS = 5;
/** As many as a run can have, x among the judged; what a damaged line says beyond that takes no memory. */
const MOST_GENERATORS = 127;
const MOST_JUDGED = MOST_GENERATORS + 1;

export class History {
  readonly #most: number;
  /** Of `size` steps each, in their order; those of a number that no step has are not there. */
  #buckets: Bucket[] = [];
  #size = 1;
  #generators = 0;
  readonly #judged: string[] = [];
  /** Grows when points that were there change: a reader of the points since some place has to begin anew. */
  generation = 0;
  /** Steps that were added. */
  steps = 0;

  /** @param most points; there are at least half as many once the run has had as many steps */
  constructor(most = DEFAULT_POINTS) {
    this.#most = most;
  }

  get length(): number {
    return this.#buckets.length;
  }

  clear(): void {
    this.#buckets = [];
    this.#size = 1;
    this.steps = 0;
    this.generation += 1;
  }

  /** In the order of their steps. Whatever is no number does not count. */
  add(metrics: Partial<StepMetrics>): void {
    const { step } = metrics;
    if (typeof step !== 'number' || !Number.isSafeInteger(step) || step < 1) return;
    const sums = this.#bucketOf(step);
    if (sums === undefined) return;
    this.steps += 1;
    for (const [name, value] of figuresOf(metrics)) add(sums, name, value, 1);
    this.#know(metrics);
    if (this.#buckets.length > this.#most) this.#halve();
  }

  /** @param from the first point that is wanted */
  part(from = 0): HistoryPart {
    return { generation: this.generation, from, bucketSteps: this.#size, columns: this.#columns(from) };
  }

  #columns(from: number): HistoryColumns {
    const buckets = this.#buckets.slice(from);
    const column = (name: string) => buckets.map(({ sums }) => meanOf(sums.get(name)));
    return {
      step: column('step'),
      discriminatorLoss: column('discriminatorLoss'),
      averageGeneratorLoss: column('averageGeneratorLoss'),
      generatorLosses: Array.from({ length: this.#generators }, (_, i) => column(`generator ${i}`)),
      verdicts: Object.fromEntries(this.#judged.map((name) => [name, column(`verdict ${name}`)])),
      ms: column('ms'),
    };
  }

  #bucketOf(step: number): Sums | undefined {
    const index = Math.floor((step - 1) / this.#size);
    const last = this.#buckets.at(-1);
    if (last?.index === index) return last.sums;
    // A step of before: a journal that two have written. The first word stays.
    if (last !== undefined && last.index > index) return undefined;
    const sums: Sums = new Map();
    this.#buckets.push({ index, sums });
    return sums;
  }

  #know({ generatorLosses, verdicts }: Partial<StepMetrics>): void {
    const before = this.#generators + this.#judged.length;
    if (Array.isArray(generatorLosses)) {
      this.#generators = Math.min(MOST_GENERATORS, Math.max(this.#generators, generatorLosses.length));
    }
    for (const name of Object.keys(verdicts ?? {})) {
      if (this.#judged.length < MOST_JUDGED && !this.#judged.includes(name)) this.#judged.push(name);
    }
    // Columns that were not there.
    if (this.#generators + this.#judged.length > before) this.generation += 1;
  }

  /** Twice as many steps a point. */
  #halve(): void {
    this.#size *= 2;
    const halved: Bucket[] = [];
    for (const { index, sums } of this.#buckets) {
      const last = halved.at(-1);
      if (last?.index !== Math.floor(index / 2)) halved.push({ index: Math.floor(index / 2), sums });
      else for (const [name, { sum, count }] of sums) add(last.sums, name, sum, count);
    }
    this.#buckets = halved;
    this.generation += 1;
  }
}

function* figuresOf(metrics: Partial<StepMetrics>): Generator<[name: string, value: unknown]> {
  for (const name of ['step', 'discriminatorLoss', 'averageGeneratorLoss', 'ms'] as const) yield [name, metrics[name]];
  const { generatorLosses, verdicts } = metrics;
  if (Array.isArray(generatorLosses)) {
    for (const [i, loss] of generatorLosses.slice(0, MOST_GENERATORS).entries()) yield [`generator ${i}`, loss];
  }
  const won = Object.entries(verdicts ?? {}).slice(0, MOST_JUDGED);
  const all = won.reduce((sum, [, count]) => sum + count, 0);
  for (const [name, count] of won) yield [`verdict ${name}`, count / all];
}

function add(sums: Sums, name: string, sum: unknown, count: number): void {
  if (typeof sum !== 'number' || !Number.isFinite(sum)) return;
  const known = sums.get(name);
  if (known === undefined) sums.set(name, { sum, count });
  else {
    known.sum += sum;
    known.count += count;
  }
}

function meanOf(sum: Sum | undefined): number | null {
  if (sum === undefined) return null;
  const mean = sum.sum / sum.count;
  // Two lines a pixel apart are the same: more digits only make messages longer.
  return Number.isInteger(mean) ? mean : Number(mean.toPrecision(DIGITS));
}

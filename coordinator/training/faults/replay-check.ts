/** Holds a replayed step against what it was the first time: the promise is the same bits. Pure. */
import type { StepMetrics } from '../../run/journal/journal.js';

/** What a step's bits show in. Its times and its number of tensors may be others. */
type Shown = Pick<
  StepMetrics,
  'discriminatorLoss' | 'generatorLosses' | 'averageGeneratorLoss' | 'verdicts' | 'scores' | 'gradientNorms' | 'signals'
>;

/** Steps remembered at most, some 20 MB: of more than these since a checkpoint the oldest are not compared. */
const MOST = 50_000;

interface Fingerprint {
  names: readonly string[];
  values: Float64Array;
}

export class ReplayCheck {
  readonly #steps = new Map<number, Fingerprint>();
  readonly #most: number;
  /** The names are those of the step before, nearly always; one list serves all. */
  #names: readonly string[] = [];
  #compared = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** How many replayed steps were held against what they were: without any, no difference says nothing. */
  get compared(): number {
    return this.#compared;
  }

  /**
   * A step as the votes told it; not as metrics.jsonl has it, where -0 has become 0. Of a step that is known already the
   * first counts.
   */
  remember(metrics: StepMetrics): void {
    if (this.#steps.has(metrics.step)) return;
    const figures = [...figuresOf(metrics)];
    const names = figures.map(([name]) => name);
    const known = names.length === this.#names.length && names.every((name, i) => name === this.#names[i]);
    if (!known) this.#names = names;
    this.#steps.set(metrics.step, { names: this.#names, values: Float64Array.from(figures, ([, value]) => value) });
    const [oldest] = this.#steps.keys();
    if (this.#steps.size > this.#most && oldest !== undefined) this.#steps.delete(oldest);
  }

  /** @returns the first difference, with both values; undefined when there is none, or the step is not remembered */
  compare(metrics: StepMetrics): string | undefined {
    const known = this.#steps.get(metrics.step);
    if (known === undefined) return undefined;
    this.#compared += 1;
    const was = new Map(known.names.map((name, i) => [name, known.values[i]]));
    const is = new Map(figuresOf(metrics));
    for (const name of new Set([...was.keys(), ...is.keys()])) {
      const [before, now] = [was.get(name), is.get(name)];
      if (Object.is(before, now)) continue;
      return `step ${metrics.step}: ${name} was ${shown(before)}, and is ${shown(now)} in the replay`;
    }
    return undefined;
  }

  /** A checkpoint of this step is whole: nothing before its successor is replayed any more. */
  forgetBefore(step: number): void {
    for (const known of this.#steps.keys()) if (known < step) this.#steps.delete(known);
  }

  /** The run goes another way from this step on. */
  forgetAfter(step: number): void {
    for (const known of this.#steps.keys()) if (known > step) this.#steps.delete(known);
  }
}

function* figuresOf(metrics: Shown): Generator<[name: string, value: number]> {
  yield ['discriminatorLoss', metrics.discriminatorLoss];
  yield ['averageGeneratorLoss', metrics.averageGeneratorLoss];
  for (const [i, loss] of metrics.generatorLosses.entries()) yield [`generatorLosses[${i}]`, loss];
  const { verdicts, scores, gradientNorms, signals } = metrics;
  for (const [group, values] of Object.entries({ verdicts, scores, gradientNorms, ...signals })) {
    for (const name of Object.keys(values).sort()) yield [`${group}.${name}`, values[name] as number];
  }
}

/** Every bit of a double shows in JavaScript's shortest text for it, but the sign of a zero. */
function shown(value: number | undefined): string {
  if (value === undefined) return 'absent';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A reader under fuzz: where its inputs come from, and what happened to them. */
import fc from 'fast-check';
import { DuetError, messageOf } from '../../common/errors.js';
import { type Reading, meter } from './meter.js';

export interface Target {
  name: string;
  /** Of all inputs of a run of the fuzzer. */
  share: number;
  /** Feeds it so many inputs. @returns how often each outcome came @throws FuzzError for the first Finding, shrunk */
  fuzz(options: { runs: number; seed: number }): Promise<Outcomes>;
}

/** How often each came: taken, or the class of the error. */
export type Outcomes = Map<string, number>;

/** The smallest input that was found to be answered wrongly, and how to come to it again. */
export class FuzzError extends DuetError {}

const MOST_SHOWN = 4000;

interface Definition<T> {
  name: string;
  share: number;
  inputs: fc.Arbitrary<T>;
  reading(input: T): Reading;
}

export function defineTarget<T>({ name, share, inputs, reading }: Definition<T>): Target {
  return {
    name,
    share,
    fuzz: ({ runs, seed }) =>
      new Promise((resolve) => {
        const outcomes: Outcomes = new Map();
        const property = fc.property(inputs, (input) => count(outcomes, meter(reading(input))));
        conclude(name, fc.check(property, { numRuns: runs, seed }));
        resolve(outcomes);
      }),
  };
}

export function count(outcomes: Outcomes, outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

/** @throws FuzzError when the property failed */
export function conclude<T>(name: string, result: fc.RunDetails<T>): void {
  if (!result.failed) return;
  const report = fc.defaultReportMessage(result);
  throw new FuzzError(`${name}: ${messageOf(result.errorInstance)}\n${report?.slice(0, MOST_SHOWN) ?? ''}`, {
    cause: result.errorInstance,
  });
}

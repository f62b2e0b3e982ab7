/** What `bench cost` varies, one thing at a time from the preset on. */
import { UsageError, messageOf } from '../../common/errors.js';
import { compileOptions } from '../../coordinator/run/config/options.js';
import { PRESET, type Work, parametersOfWork, relativeWork } from '../work.js';

export const SWEEPS = ['batch', 'image', 'width', 'generators'] as const satisfies readonly (keyof Work)[];
export type Sweep = (typeof SWEEPS)[number];

/** 28 px, width 1, batch 64 and 2 generators are the preset, which is measured once for all four. */
const USUAL: Readonly<Record<Sweep, readonly number[]>> = {
  batch: [16, 64, 128, 256, 512],
  image: [28, 32, 64],
  width: [0.5, 1, 2],
  generators: [1, 2, 4, 8],
};
/** How `coordinator start` calls them. */
const KEYS = { batch: 'batch', image: 'imageSize', width: 'width', generators: 'generators' } as const;

/** A median of fewer steps is no median. */
const FEWEST_STEPS = 5;

export interface Series {
  by: Sweep;
  values: readonly number[];
}

/**
 * @param by one of them, or all
 * @param values separated by commas; only for one of them
 * @throws UsageError for a value that Duet cannot train with
 */
export function seriesOf(by: Sweep | 'all', values: string | undefined): Series[] {
  if (by === 'all') {
    if (values !== undefined) throw new UsageError('--values is for one thing that grows: give --by, too');
    return SWEEPS.map((each) => ({ by: each, values: USUAL[each] }));
  }
  return [{ by, values: values === undefined ? USUAL[by] : values.split(',').map((text) => checked(by, text)) }];
}

function checked(by: Sweep, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  try {
    if (Number.isNaN(value)) throw new UsageError('it takes numbers separated by commas, such as 16,64,512');
    compileOptions({ [KEYS[by]]: value });
    parametersOfWork(workOf(by, value));
  } catch (error) {
    throw new UsageError(`--values '${text}' cannot be measured: ${messageOf(error)}`, { cause: error });
  }
  return value;
}

export function workOf(by: Sweep, value: number): Work {
  return { ...PRESET, [by]: value };
}

/** So many steps of a work take about as long as `most` of the preset's; never more, and enough for a median. */
export function stepsFor(work: Work, most: number): number {
  return Math.min(most, Math.max(FEWEST_STEPS, Math.round(most / relativeWork(work))));
}

/** From the times of `bench engines` to its tables. */
import type { EngineName } from '../../common/engine-choice.js';
import { median, medianAndRange, medianRatio, table } from '../statistics.js';

export const ENGINE_FORMS = {
  three: 'three workers, full preset (native: D 2 threads, G 1; wasm: 1)',
  small: 'three workers, small preset (likewise)',
  one: 'one process with 1 thread, full preset',
  start: 'from the command to the first step (native: prepared; wasm: bare machine)',
} as const;
export type EngineForm = keyof typeof ENGINE_FORMS;
/** Milliseconds, a value a turn. */
export type EngineTimes = Readonly<Record<EngineForm, Record<EngineName, number[]>>>;

/** What wasm is to come to on two cores (issue 10), in milliseconds. */
const GOALS = { three: 1200, start: 30_000 } as const;

export function engineTable(times: EngineTimes): string {
  const rows = (Object.keys(ENGINE_FORMS) as EngineForm[]).map((form) => {
    const { tensorflow, wasm } = times[form];
    return [
      ENGINE_FORMS[form],
      ...medianAndRange(tensorflow),
      ...medianAndRange(wasm),
      medianRatio(wasm, tensorflow).toFixed(2),
    ];
  });
  return table(['milliseconds', 'native', 'range', 'wasm', 'range', 'times'], rows);
}

export function engineGoals(times: EngineTimes): string {
  const rows = (Object.entries(GOALS) as ['three' | 'start', number][]).map(([form, most]) => {
    const found = median(times[form].wasm);
    return [ENGINE_FORMS[form], found.toFixed(0), String(most), found < most ? 'met' : 'missed'];
  });
  return table(['Goals of wasm, milliseconds', 'found', 'under', ''], rows);
}

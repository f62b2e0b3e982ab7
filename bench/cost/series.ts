/** The measurements of one thing that grows: those that the ledger lacks, value by value. */
import type { BenchDevice } from '../device.js';
import type { Ledger, Pair } from './ledger.js';
import type { Task } from './measure.js';
import { type Series, stepsFor, workOf } from './sweep.js';
import type { Row } from './tables.js';

export interface Settings {
  ledger: Ledger;
  device: BenchDevice;
  /** How often each value is measured. */
  pairs: number;
  /** Most steps of a measurement. */
  steps: number;
}

/** @param measure one pair, after those that there are */
export async function measureSeries(
  { by, values }: Series,
  { ledger, device, pairs, steps: most }: Settings,
  measure: (task: Task, before: readonly Pair[]) => Promise<Pair>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const value of values) {
    const work = workOf(by, value);
    const steps = stepsFor(work, most);
    const done = () => ledger.of(work, device, steps);
    for (let count = done().length; count < pairs; count += 1) {
      process.stderr.write(`${by} ${value}, pair ${count + 1} of ${pairs}: ${steps} steps\n`);
      ledger.add(await measure({ work, device, steps }, done()));
    }
    rows.push({ value, pairs: done().slice(0, pairs) });
  }
  return rows;
}

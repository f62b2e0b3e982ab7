/** States that the metrics name in a label, in words and colours for a timeline. */
import { RUN_METRICS } from '../common/metrics/names.js';
import { words } from './panels.js';
import { which } from './promql.js';

/** As coordinator/view/run-view.ts has them; a test holds the two together. */
export const RUN_STATES = [
  ['starting', 'blue'],
  ['waiting', 'yellow'],
  ['training', 'green'],
  ['recovering', 'orange'],
  ['finished', 'dark-green'],
  ['stopped', 'purple'],
  ['failed', 'red'],
] as const;

export const WORKER_STATES = [
  ['missing', 'red'],
  ['starting', 'yellow'],
  ['ready', 'green'],
] as const;

const names = (states: readonly (readonly [string, string])[]) => states.map(([name]) => name);

export const runState = { expr: which(RUN_METRICS.state, 'state', names(RUN_STATES)), words: words(RUN_STATES) };

export const workerStates = {
  expr: which(RUN_METRICS.workers, 'state', names(WORKER_STATES), ['role']),
  words: words(WORKER_STATES),
};

/** From the comparison's file to its runs, in the order in which they are made. */
import { existsSync } from 'node:fs';
import { UsageError } from '../../common/errors.js';
import { nearestOf } from '../../common/nearest.js';
import type { TrainingConfig } from '../../gan/config.js';
import { isMixture } from '../../gan/data/mixtures.js';
import { DATA_NAMES } from '../../gan/data/open.js';
import { compileOptions } from '../run/config/options.js';
import { EVALUATED_NAMES, canEvaluate } from './evaluation.js';
import type { Comparison, Given } from './spec.js';

export interface PlannedRun {
  data: string;
  system: string;
  /** '' when the comparison has no settings. */
  setting: string;
  seed: number;
  /** DATA/SYSTEM[-SETTING]/seed-N: the run's name, and its folder below OUT/runs/. */
  name: string;
  /** The keys that `coordinator start --config` gets. */
  given: Given;
  /** What they compile to. */
  training: TrainingConfig;
  /** CPU threads of each of its workers. */
  threads: number;
}

/** Axes of the comparison, and what a run among many cannot choose by itself. */
const RESERVED: Readonly<Record<string, string>> = {
  data: "list data sets under 'data'",
  seed: "list seeds under 'seeds'",
  port: 'every run picks a free port',
  host: 'runs listen on loopback',
  insecure: 'runs listen on loopback',
  placement: 'the workers of compared runs are local',
};

/** Engine threads by default: the machine's cores go to runs side by side, and the bits do not depend on how many there are. */
const THREADS = 1;
/** A table's runs are computed by one engine, and are of one size, whatever a machine can prepare. */
const SAME_FOR_ALL = { threads: THREADS, engine: 'tensorflow', preset: 'full' };

/**
 * Seed by seed, then data set, setting and system: whenever it is interrupted, the runs made so far are balanced.
 * @throws UsageError for the first combination that no run can have, before anything runs
 */
export function planRuns(comparison: Comparison, source: string): PlannedRun[] {
  const runs: PlannedRun[] = [];
  for (const data of comparison.data) checkData(data, comparison, source);
  for (const seed of comparison.seeds)
    for (const data of comparison.data)
      for (const setting of Object.keys(comparison.settings))
        for (const system of Object.keys(comparison.systems))
          runs.push(planRun(comparison, { data, setting, system, seed }, source));
  const names = new Map<string, PlannedRun>();
  for (const run of runs) {
    const other = names.get(run.name);
    if (other !== undefined)
      throw new UsageError(
        `${describe(run)} and ${describe(other)} of ${source} would share the folder runs/${run.name}: rename one`,
      );
    names.set(run.name, run);
  }
  return runs;
}

type Axes = Pick<PlannedRun, 'data' | 'setting' | 'system' | 'seed'>;

function describe({ data, system, setting }: Axes): string {
  return `the system '${system}'${setting === '' ? '' : ` under the setting '${setting}'`} on ${data}`;
}

function planRun(comparison: Comparison, axes: Axes, source: string): PlannedRun {
  const { data, setting, system, seed } = axes;
  const own = comparison.systems[system] ?? {};
  const set = comparison.settings[setting] ?? {};
  const layers: [where: string, keys: Given][] = [
    ['common', comparison.common],
    [`perData.${data}`, comparison.perData[data] ?? {}],
    [`systems.${system}`, own],
    [`settings.${setting}`, set],
  ];
  for (const [where, keys] of layers)
    for (const key of Object.keys(keys))
      if (key in RESERVED) throw new UsageError(`${where} of ${source} cannot have the key '${key}': ${RESERVED[key]}`);
  const both = Object.keys(own).find((key) => key in set);
  if (both !== undefined)
    throw new UsageError(
      `systems.${system} and settings.${setting} of ${source} both give '${both}': one would hide the other, so leave it to one of them`,
    );
  const given: Given = Object.assign({ ...SAME_FOR_ALL }, ...layers.map(([, keys]) => keys), { data, seed }) as Given;
  try {
    const { training, settings } = compileOptions(given);
    const name = `${folderName(data)}/${system}${setting === '' ? '' : `-${setting}`}/seed-${seed}`;
    return { ...axes, name, given, training, threads: settings.threads ?? THREADS };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${describe(axes)} of ${source}: ${error.message}`, { cause: error });
  }
}

/** @throws UsageError when there is no such data, or nothing that measures samples of it */
function checkData(data: string, { evaluate }: Comparison, source: string): void {
  const known: readonly string[] = DATA_NAMES;
  if (!known.includes(data) && !existsSync(data)) {
    throw new UsageError(
      `data of ${source} names '${data.slice(0, 80)}', which does not exist: give ${known.join(', ')}, or with evaluate: false a folder or file${nearestOf(data.slice(0, 80), known)}`,
    );
  }
  if (evaluate !== false && !canEvaluate(data))
    throw new UsageError(
      `nothing measures samples of '${data}' (${EVALUATED_NAMES.join(', ')} can be evaluated): compare losses alone by evaluate: false`,
    );
}

/** photos/cats.npz → photos_cats.npz */
function folderName(data: string): string {
  return data.replaceAll(/[^\w.-]+/g, '_').replaceAll(/^[_.]+|_+$/g, '') || '_';
}

/** Points train on one core; images keep two busy. */
export function isSmall({ data }: Pick<PlannedRun, 'data'>): boolean {
  return isMixture(data);
}

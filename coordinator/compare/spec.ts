/** The comparison's YAML file: what is compared, and by which test. Checked as a whole before anything runs. */
import { z } from 'zod';
import { UsageError } from '../../common/errors.js';
import { nearestOf } from '../../common/nearest.js';
import { METRIC_NAMES, type MetricName } from '../../gan/metrics/catalogue.js';
import { readConfigFile } from '../run/config/config-file.js';
import { explainIssue } from './explain.js';

/** Keys of a run's config, as `coordinator start --config` takes them. */
export type Given = Readonly<Record<string, unknown>>;

const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.]*(-[A-Za-z0-9_.]+)*$/, 'a label has letters, digits, and . _ - between them');
const config = z.record(z.string(), z.unknown());
const seed = z.int().min(0);
const MOST_SEEDS = 1000;

const evaluateSchema = z.strictObject({ samples: z.int().min(2).default(2000), seed: seed.default(1) });
const testsSchema = z.strictObject({
  /** Threshold of the Holm-adjusted p-value. */
  alpha: z.number().gt(0).lt(1).default(0.05),
  /** The system that every other is tested against; absent: the first with one generator, or else the first. */
  baseline: z.string().optional(),
});
const keepSchema = z.strictObject({
  /** What stays of a finished run's checkpoints and exported generators: none, the last, or all. */
  checkpoints: z.enum(['none', 'last', 'all']).default('none'),
});

const specSchema = z.strictObject({
  /** Names the report, and the default folder runs/NAME. */
  name: label,
  /** What is compared: label → keys of a run's config. */
  systems: z.record(label, config.nullable()),
  /** Names of data sets, or folders and files with `evaluate: false`. */
  data: z.array(z.string().min(1)).min(1),
  /** A number N stands for 1 to N. */
  seeds: z.union([z.int().min(1).max(MOST_SEEDS), z.array(seed).min(1).max(MOST_SEEDS)]),
  /** Every system is trained under every setting: label → keys. Absent: one unnamed setting. */
  settings: z.record(label, config.nullable()).optional(),
  /** Keys of every run; a data set's, a system's and a setting's keys go before these. */
  common: config.optional(),
  /** Keys of every run on a data set. */
  perData: z.record(z.string(), config.nullable()).optional(),
  /** How every run's last step is measured; false: not at all, only losses and curves are shown. */
  evaluate: z.union([z.literal(false), evaluateSchema]).default({ samples: 2000, seed: 1 }),
  /** Runs at once; auto: from the cores and the memory. */
  parallel: z.union([z.literal('auto'), z.int().min(1).max(1024)]).default('auto'),
  /** The metric by data set that the paired tests are decided on. */
  primary: z.record(z.string(), z.enum(METRIC_NAMES)).optional(),
  tests: testsSchema.default({ alpha: 0.05 }),
  keep: keepSchema.default({ checkpoints: 'none' }),
});

/** The keys that there are, by where. */
const KEYS_AT: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(specSchema.shape),
  evaluate: Object.keys(evaluateSchema.shape),
  tests: Object.keys(testsSchema.shape),
  keep: Object.keys(keepSchema.shape),
};

export interface Comparison {
  name: string;
  systems: Readonly<Record<string, Given>>;
  data: readonly string[];
  seeds: readonly number[];
  /** One entry with the label '' when the file has no settings. */
  settings: Readonly<Record<string, Given>>;
  common: Given;
  perData: Readonly<Record<string, Given>>;
  evaluate: false | { samples: number; seed: number };
  parallel: 'auto' | number;
  primary: Readonly<Record<string, MetricName>>;
  tests: { alpha: number; baseline: string };
  keep: { checkpoints: 'none' | 'last' | 'all' };
}

/** Data sets with known modes are decided on how many are found, all others on the kernel distance. */
const DEFAULT_PRIMARY: Readonly<Record<string, MetricName>> = {
  ring8: 'modes',
  grid25: 'modes',
  'stacked-mnist': 'modes',
};

/** @throws UsageError for the first thing that is wrong in the file */
export function readComparison(path: string): Comparison {
  return checkComparison(readConfigFile(path), path);
}

/** @param source names the file in messages @throws UsageError for the first thing that is wrong */
export function checkComparison(value: Given, source: string): Comparison {
  const result = specSchema.safeParse(value);
  if (!result.success)
    throw new UsageError(explainIssue(result.error.issues[0] as z.core.$ZodIssue, value, source, KEYS_AT));
  const spec = result.data;
  const systems = emptyForNull(spec.systems);
  const labels = Object.keys(systems);
  if (labels.length === 0)
    throw new UsageError(`${source} names no systems: give one at least, as in 'gan: { system: gan }'`);
  const settings = emptyForNull(spec.settings ?? {});
  const perData = emptyForNull(spec.perData ?? {});
  const seeds = typeof spec.seeds === 'number' ? Array.from({ length: spec.seeds }, (_, i) => i + 1) : spec.seeds;
  refuseTwice(spec.data, 'data', source);
  refuseTwice(seeds, 'seeds', source);
  for (const [key, named] of [
    ['perData', perData],
    ['primary', spec.primary ?? {}],
  ] as const)
    for (const name of Object.keys(named)) refuseUnknown(name, spec.data, `${key} of ${source}`, 'data set');
  const { alpha, baseline } = spec.tests;
  if (baseline !== undefined) refuseUnknown(baseline, labels, `tests.baseline of ${source}`, 'system');
  return {
    name: spec.name,
    systems,
    data: spec.data,
    seeds,
    settings: Object.keys(settings).length === 0 ? { '': {} } : settings,
    common: spec.common ?? {},
    perData,
    evaluate: spec.evaluate,
    parallel: spec.parallel,
    primary: Object.fromEntries(
      spec.data.map((name) => [name, spec.primary?.[name] ?? DEFAULT_PRIMARY[name] ?? 'kid'] as const),
    ),
    tests: { alpha, baseline: baseline ?? defaultBaseline(systems) },
    keep: spec.keep,
  };
}

function defaultBaseline(systems: Readonly<Record<string, Given>>): string {
  const labels = Object.keys(systems);
  return labels.find((name) => systems[name]?.['system'] === 'gan') ?? labels[0] ?? '';
}

/** `gan:` alone is YAML for null, and means no keys of its own. */
function emptyForNull(named: Readonly<Record<string, Given | null>>): Record<string, Given> {
  return Object.fromEntries(Object.entries(named).map(([name, keys]) => [name, keys ?? {}]));
}

function refuseUnknown(name: string, known: readonly string[], where: string, what: string): void {
  if (known.includes(name)) return;
  const shown = name.slice(0, 80);
  throw new UsageError(
    `${where} names the ${what} '${shown}', which is not compared: there are ${known.join(', ')}${nearestOf(shown, known)}`,
  );
}

function refuseTwice(values: readonly (string | number)[], key: string, source: string): void {
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) throw new UsageError(`${key} of ${source} has ${twice} twice: every run is made once`);
}

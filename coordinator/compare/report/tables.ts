/** The tables of one data set under one setting: metrics, stability, generators, discriminator. */
import { METRICS, METRIC_NAMES, type MetricName } from '../../../gan/metrics/catalogue.js';
import type { RunRow } from '../results.js';
import type { Comparison } from '../spec.js';
import { type MeanAndError, meanAndError } from '../statistics/mean.js';
import { type Block, type Cell, type Column, type Table, cell } from './blocks.js';
import { figure, whole, withError } from './numbers.js';

/** The runs of one data set under one setting. */
export interface Facet {
  data: string;
  setting: string;
  systems: readonly string[];
  rows: readonly RunRow[];
}

const MIXTURE = 'mixture';

export function facetTables(facet: Facet, comparison: Comparison): Block[] {
  const isMeasured = facet.rows.some(({ summary }) => summary?.evaluation !== undefined);
  const several = facet.rows.some(({ summary }) => (summary?.generators ?? 1) > 1);
  return [
    ...(isMeasured ? [metricsTable(facet, comparison)] : []),
    stabilityTable(facet),
    ...(isMeasured && several ? [generatorsTable(facet)] : []),
    ...(isMeasured ? [discriminatorTable(facet)] : []),
    ...troubleTable(facet),
  ];
}

function where({ data, setting }: Facet): string {
  return setting === '' ? data : `${data}, setting ${setting}`;
}

function runsOf(facet: Facet, system: string): RunRow[] {
  return facet.rows.filter((row) => row.system === system);
}

/** Mean and error over the runs that have the number. */
function over(rows: readonly RunRow[], pick: (row: RunRow) => number | null | undefined): MeanAndError | undefined {
  return meanAndError(
    rows.flatMap((row) => {
      const value = pick(row);
      return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
    }),
  );
}

function metricsTable(facet: Facet, { primary, evaluate }: Comparison): Table {
  const names = metricsIn(facet, primary[facet.data]);
  const value = (group: string, metric: MetricName) => (row: RunRow) =>
    row.summary?.evaluation?.groups[group]?.[metric];
  const systems = facet.systems.map((system) => {
    const rows = runsOf(facet, system);
    return { system, n: measured(rows).length, means: names.map((metric) => over(rows, value(MIXTURE, metric))) };
  });
  const best = names.map((metric, i) =>
    bestOf(
      systems.map(({ means }) => means[i]?.mean),
      METRICS[metric].better,
    ),
  );
  const floor = onePerSeed(measured(facet.rows));
  const samples = evaluate === false ? '' : `, ${whole(evaluate.samples)} samples each`;
  return {
    kind: 'table',
    caption: `${where(facet)}: what the generators draw, all of them mixed in equal parts${samples}. Mean ± standard error over n runs; the first row is real data against real data, the floor of each metric.`,
    columns: [
      { title: 'System' },
      { title: 'n' },
      ...names.map((name) => ({ title: titleOf(name, primary[facet.data]), about: METRICS[name].about })),
    ],
    rows: [
      {
        isFloor: true,
        cells: [
          cell('real data'),
          cell(String(floor.length)),
          ...names.map((name) => cell(withError(over(floor, value('real', name)), digitsOf(name)))),
        ],
      },
      ...systems.map(({ system, n, means }) => ({
        cells: [
          cell(system),
          cell(String(n), n === 0 ? 'bad' : undefined),
          ...means.map((mean, i) =>
            cell(
              withError(mean, digitsOf(names[i] as MetricName)),
              mean !== undefined && mean.mean === best[i] ? 'best' : undefined,
            ),
          ),
        ],
      })),
    ],
  };
}

function measured(rows: readonly RunRow[]): RunRow[] {
  return rows.filter(({ summary }) => summary?.evaluation !== undefined);
}

/** The floor is the same for every system of a seed. */
function onePerSeed(rows: readonly RunRow[]): RunRow[] {
  return [...new Map(rows.map((row) => [row.seed, row])).values()];
}

function metricsIn({ rows }: Facet, primary: MetricName | undefined): MetricName[] {
  const present = new Set(
    rows.flatMap(({ summary }) => Object.keys(summary?.evaluation?.groups[MIXTURE] ?? {}) as MetricName[]),
  );
  return METRIC_NAMES.filter((name) => present.has(name)).sort((a, b) => Number(b === primary) - Number(a === primary));
}

const ARROWS = { lower: ' ↓', higher: ' ↑', none: '' } as const;

function titleOf(name: MetricName, primary: MetricName | undefined): string {
  return `${METRICS[name].title}${ARROWS[METRICS[name].better]}${name === primary ? ' (primary)' : ''}`;
}

/** A mean of whole numbers has decimals. */
export function digitsOf(name: MetricName): number {
  return METRICS[name].digits === 0 ? 2 : METRICS[name].digits;
}

function bestOf(means: readonly (number | undefined)[], better: 'lower' | 'higher' | 'none'): number | undefined {
  const known = means.filter((mean) => mean !== undefined);
  if (better === 'none' || known.length < 2) return undefined;
  return better === 'lower' ? Math.min(...known) : Math.max(...known);
}

function stabilityTable(facet: Facet): Table {
  const hasQuality = facet.rows.some(({ summary }) => summary?.quality !== undefined);
  const columns: Column[] = [
    { title: 'System' },
    { title: 'Finished' },
    { title: 'Died', about: 'Runs that ended before their last step or could not be evaluated; not in any mean.' },
    { title: 'Collapsed', about: 'Of the finished and dead runs, by the definition above.' },
    ...(hasQuality
      ? [
          {
            title: 'KID last/best',
            about: 'Of the small samples drawn during training; 1: the last step is the best.',
          },
          { title: 'Best at step' },
        ]
      : []),
    { title: 'Loss of D' },
    { title: 'Loss of G' },
    { title: 'Generators' },
    { title: 'Parameters G', about: 'Of all generators together.' },
    { title: 'Parameters D' },
    { title: 'Seconds a run', about: 'Of training, beside the other runs of the comparison.' },
  ];
  return {
    kind: 'table',
    caption: `${where(facet)}: stability, losses at the end (mean over the last tenth of the steps) and size. Mean ± standard error over the finished runs.`,
    columns,
    rows: facet.systems.map((system) => ({ cells: stabilityCells(system, runsOf(facet, system), hasQuality) })),
  };
}

function stabilityCells(system: string, rows: readonly RunRow[], hasQuality: boolean): Cell[] {
  const finished = rows.filter(({ state }) => state === 'finished');
  const dead = rows.filter(({ state }) => state === 'dead').length;
  const collapsed = rows.filter(({ summary }) => summary?.collapse != null).length;
  const tried = finished.length + dead;
  const size = finished.find(({ summary }) => summary?.parameters !== undefined)?.summary?.parameters;
  const discriminator = size?.['discriminator'];
  const generators = Object.entries(size ?? {}).flatMap(([role, count]) => (role === 'discriminator' ? [] : [count]));
  return [
    cell(system),
    cell(`${finished.length} of ${rows.length}`),
    cell(String(dead)),
    cell(tried === 0 ? '–' : `${collapsed} of ${tried}`),
    ...(hasQuality
      ? [
          cell(
            withError(
              over(finished, ({ summary }) => summary?.quality?.ratio),
              2,
            ),
          ),
          cell(
            withError(
              over(finished, ({ summary }) => summary?.quality?.bestStep),
              0,
            ),
          ),
        ]
      : []),
    cell(
      withError(
        over(finished, ({ summary }) => summary?.losses?.discriminator),
        3,
      ),
    ),
    cell(
      withError(
        over(finished, ({ summary }) => meanAndError(summary?.losses?.generators ?? [])?.mean),
        3,
      ),
    ),
    cell(String(rows.find(({ summary }) => summary !== undefined)?.summary?.generators ?? '–')),
    cell(size === undefined ? '–' : whole(generators.reduce((a, b) => a + b, 0))),
    cell(discriminator === undefined ? '–' : whole(discriminator)),
    cell(
      withError(
        over(finished, ({ summary }) => summary?.seconds),
        1,
      ),
      'muted',
    ),
  ];
}

function generatorsTable(facet: Facet): Table {
  const systems = facet.systems.filter((system) =>
    runsOf(facet, system).some(({ summary }) => (summary?.generators ?? 1) > 1),
  );
  const most = Math.max(...facet.rows.map(({ summary }) => summary?.generators ?? 1));
  const roles = Array.from({ length: most }, (_, i) => `generator-${i + 1}`);
  const overlap = (row: RunRow, key: 'kid' | 'probeAccuracy' | 'classDivergence') =>
    meanAndError((row.summary?.evaluation?.overlap ?? []).flatMap((pair) => pair[key] ?? []))?.mean;
  return {
    kind: 'table',
    caption: `${where(facet)}: the generators one by one, and how far they overlap (mean over the pairs of generators). A probe that cannot tell two generators apart has an accuracy of 0.5.`,
    columns: [
      { title: 'System' },
      ...roles.map((_, i) => ({ title: `KID of G${i + 1} ↓` })),
      { title: 'KID between' },
      { title: "Probe's accuracy" },
      { title: 'Class divergence' },
    ],
    rows: systems.map((system) => {
      const rows = runsOf(facet, system);
      return {
        cells: [
          cell(system),
          ...roles.map((role) =>
            cell(
              withError(
                over(rows, ({ summary }) => summary?.evaluation?.groups[role]?.kid),
                METRICS.kid.digits,
              ),
            ),
          ),
          cell(
            withError(
              over(rows, (row) => overlap(row, 'kid')),
              METRICS.kid.digits,
            ),
          ),
          cell(
            withError(
              over(rows, (row) => overlap(row, 'probeAccuracy')),
              3,
            ),
          ),
          cell(
            withError(
              over(rows, (row) => overlap(row, 'classDivergence')),
              3,
            ),
          ),
        ],
      };
    }),
  };
}

function discriminatorTable(facet: Facet): Table {
  const columns = [
    ['D(x), training', 'training'],
    ['D(x), held-out', 'heldOut'],
    ['Gap', 'gap'],
    ['Accuracy, training', 'accuracyTraining'],
    ['Accuracy, held-out', 'accuracyHeldOut'],
  ] as const;
  return {
    kind: 'table',
    caption: `${where(facet)}: overfitting of the discriminator: its mean logit on training data and on held-out data, their difference, and its accuracy on both.`,
    columns: [{ title: 'System' }, ...columns.map(([title]) => ({ title }))],
    rows: facet.systems.map((system) => ({
      cells: [
        cell(system),
        ...columns.map(([, key]) =>
          cell(
            withError(
              over(runsOf(facet, system), ({ summary }) => summary?.evaluation?.discriminator[key]),
              3,
            ),
          ),
        ),
      ],
    })),
  };
}

/** Every run that died or collapsed is a row that says so. */
function troubleTable(facet: Facet): Table[] {
  const rows = facet.rows.flatMap(({ name, failure, summary }) => {
    const reason = [
      ...(failure === undefined ? [] : [`died in ${failure.during}: ${failure.reason}`]),
      ...(summary?.collapse == null ? [] : [`collapsed (${summary.collapse.rule}): ${summary.collapse.reason}`]),
    ].join('; ');
    const step = summary === undefined ? '–' : figure(summary.step, 0);
    return reason === '' ? [] : [{ cells: [cell(name), cell(step), cell(reason, 'bad')] }];
  });
  if (rows.length === 0) return [];
  return [
    {
      kind: 'table',
      caption: `${where(facet)}: runs that died or collapsed.`,
      columns: [{ title: 'Run' }, { title: 'Steps made' }, { title: 'What happened' }],
      rows,
    },
  ];
}

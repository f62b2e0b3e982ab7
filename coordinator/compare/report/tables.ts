/** The tables of one data set under one setting. */
import { METRICS, METRIC_NAMES, type MetricName } from '../../../gan/metrics/catalogue.js';
import type { RunRow } from '../results/results.js';
import type { Comparison } from '../spec.js';
import { type Block, type Table, cell } from './blocks.js';
import { type Facet, digitsOf, metricTitle, over, runsOf, where } from './facet.js';
import { figure, whole, withError } from './numbers.js';
import { discriminatorTable, generatorsTable } from './roles.js';
import { sizeTable, stabilityTable } from './stability.js';

const MIXTURE = 'mixture';

export function facetTables(facet: Facet, comparison: Comparison): Block[] {
  const isMeasured = facet.rows.some(({ summary }) => summary?.evaluation !== undefined);
  const several = facet.rows.some(({ summary }) => (summary?.generators ?? 1) > 1);
  return [
    ...(isMeasured ? [metricsTable(facet, comparison)] : []),
    stabilityTable(facet),
    ...(isMeasured && several ? [generatorsTable(facet)] : []),
    ...(isMeasured ? [discriminatorTable(facet)] : []),
    sizeTable(facet),
    ...troubleTable(facet),
  ];
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
      ...names.map((name) => ({ title: titleOf(name, facet.data, primary[facet.data]), about: METRICS[name].about })),
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

function titleOf(name: MetricName, data: string, primary: MetricName | undefined): string {
  return `${metricTitle(name, data)}${ARROWS[METRICS[name].better]}${name === primary ? ' (primary)' : ''}`;
}

function bestOf(means: readonly (number | undefined)[], better: 'lower' | 'higher' | 'none'): number | undefined {
  const known = means.filter((mean) => mean !== undefined);
  if (better === 'none' || new Set(known).size < 2) return undefined;
  return better === 'lower' ? Math.min(...known) : Math.max(...known);
}

/** Every run that died or collapsed is a row that says so. */
function troubleTable(facet: Facet): Table[] {
  const rows = facet.rows.flatMap(({ name, failure, summary }) => {
    const reason = [
      ...(failure === undefined ? [] : [`died in ${failure.during}: ${failure.reason}`]),
      ...(summary?.collapse == null || summary.collapse.reason === failure?.reason
        ? []
        : [`collapsed (${summary.collapse.rule}): ${summary.collapse.reason}`]),
    ].join('; ');
    const step = summary === undefined ? '–' : figure(summary.step, 0);
    return reason === '' ? [] : [{ cells: [cell(name), cell(step), cell(reason, 'bad')] }];
  });
  if (rows.length === 0) return [];
  return [
    {
      kind: 'table',
      caption: `${where(facet)}: runs that died or collapsed.`,
      columns: [{ title: 'Run' }, { title: 'Steps made' }, { title: 'What happened', isText: true }],
      rows,
    },
  ];
}

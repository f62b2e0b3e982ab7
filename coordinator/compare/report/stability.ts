/** How steadily the systems trained, and what they cost. */
import type { RunRow } from '../results/results.js';
import { meanAndError } from '../statistics/mean.js';
import { type Cell, type Column, type Table, cell } from './blocks.js';
import { type Facet, over, runsOf, where } from './facet.js';
import { whole, withError } from './numbers.js';

export function stabilityTable(facet: Facet): Table {
  const hasQuality = facet.rows.some(({ summary }) => summary?.quality !== undefined);
  const hasRules = facet.rows.some(({ summary }) => (summary?.suspected.length ?? 0) > 0);
  const columns: Column[] = [
    { title: 'System' },
    { title: 'Finished' },
    { title: 'Died', about: 'Runs that ended before their last step or could not be evaluated; not in any mean.' },
    { title: 'Collapsed', about: 'Of the finished and dead runs, by the definition above.' },
    ...(hasRules
      ? [
          {
            title: 'Suspected',
            about: 'Runs in which a rule suspected a collapse at some step, whether or not it passed.',
          },
        ]
      : []),
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
  ];
  return {
    kind: 'table',
    caption: `${where(facet)}: stability, losses at the end (mean over the last tenth of the steps). Mean ± standard error over the finished runs.`,
    columns,
    rows: facet.systems.map((system) => ({
      cells: stabilityCells(system, runsOf(facet, system), { hasQuality, hasRules }),
    })),
  };
}

function stabilityCells(
  system: string,
  rows: readonly RunRow[],
  { hasQuality, hasRules }: { hasQuality: boolean; hasRules: boolean },
): Cell[] {
  const finished = finishedOf(rows);
  const dead = rows.filter(({ state }) => state === 'dead').length;
  const collapsed = rows.filter(({ summary }) => summary?.collapse != null).length;
  const tried = finished.length + dead;
  return [
    cell(system),
    cell(`${finished.length} of ${rows.length}`),
    cell(String(dead)),
    cell(tried === 0 ? '–' : `${collapsed} of ${tried}`),
    ...(hasRules ? [cell(String(rows.filter(({ summary }) => (summary?.suspected.length ?? 0) > 0).length))] : []),
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
  ];
}

export function sizeTable(facet: Facet): Table {
  return {
    kind: 'table',
    caption: `${where(facet)}: what the systems cost. Seconds are of training, beside the other runs of the comparison.`,
    columns: [
      { title: 'System' },
      { title: 'Generators' },
      { title: 'Parameters G', about: 'Of all generators together.' },
      { title: 'Parameters D' },
      { title: 'Seconds a run' },
    ],
    rows: facet.systems.map((system) => {
      const rows = runsOf(facet, system);
      const [one] = rows.flatMap(({ summary }) => summary ?? []);
      const { discriminator, ...generators } =
        rows.find(({ summary }) => summary?.parameters)?.summary?.parameters ?? {};
      const count = Object.values(generators).reduce((a, b) => a + b, 0);
      return {
        cells: [
          cell(system),
          cell(String(one?.generators ?? '–')),
          cell(count === 0 ? '–' : whole(count)),
          cell(discriminator === undefined ? '–' : whole(discriminator)),
          cell(
            withError(
              over(finishedOf(rows), ({ summary }) => summary?.seconds),
              1,
            ),
          ),
        ],
      };
    }),
  };
}

function finishedOf(rows: readonly RunRow[]): RunRow[] {
  return rows.filter(({ state }) => state === 'finished');
}

/** Role by role: the generators and their overlap, the discriminator and its overfitting. */
import { METRICS } from '../../../gan/metrics/catalogue.js';
import type { RunRow } from '../results/results.js';
import { meanAndError } from '../statistics/mean.js';
import { type Table, cell } from './blocks.js';
import { type Facet, over, runsOf, where } from './facet.js';
import { withError } from './numbers.js';

export function generatorsTable(facet: Facet): Table {
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

export function discriminatorTable(facet: Facet): Table {
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

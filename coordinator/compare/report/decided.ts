/** The paired tests of a data set as a table, and what the number of seeds allows to be said at all. */
import type { PairedTest } from '../results/paired-tests.js';
import { smallestP } from '../statistics/signed-rank.js';
import { type Block, type Cell, cell, paragraph } from './blocks.js';
import { countOf, figure, probability } from './numbers.js';
import { digitsOf, metricTitle } from './facet.js';

export function testBlocks(data: string, tests: readonly PairedTest[], alpha: number): Block[] {
  const [first] = tests;
  if (first === undefined) return [paragraph('One system: there is nothing to test it against.')];
  const title = metricTitle(first.metric, data);
  const hasSettings = tests.some(({ setting }) => setting !== '');
  const percent = `${Number((100 * (1 - alpha)).toPrecision(4))} %`;
  return [
    {
      kind: 'table',
      caption: `${data}: paired tests on ${title}. Difference: mean over the seeds of system minus the other, with its ${percent} bootstrap interval. Decided by the Holm-adjusted p at ${alpha}.`,
      columns: [
        { title: 'System' },
        { title: 'Against', isText: true },
        ...(hasSettings ? [{ title: 'Setting', isText: true as const }] : []),
        { title: 'n' },
        { title: 'Difference' },
        { title: `${percent} interval` },
        { title: 'p', about: "Wilcoxon's signed-rank test, exact, two-sided." },
        { title: 'p (Holm)' },
        { title: 'Verdict', isText: true },
      ],
      rows: tests.map((test) => ({
        cells: [
          cell(test.system),
          cell(test.against),
          ...(hasSettings ? [cell(test.setting)] : []),
          cell(String(test.n)),
          ...numbers(test),
          cell(test.verdict, toneOf(test.verdict)),
        ],
      })),
    },
    ...reach(tests, alpha),
  ];
}

function numbers({ metric, difference, interval, p, adjusted }: PairedTest): Cell[] {
  if (difference === undefined || interval === undefined || p === undefined || adjusted === undefined)
    return Array.from({ length: 4 }, () => cell('–'));
  const digits = digitsOf(metric);
  return [
    cell(figure(difference, digits)),
    cell(`${figure(interval.low, digits)} to ${figure(interval.high, digits)}`),
    cell(probability(p)),
    cell(probability(adjusted)),
  ];
}

function toneOf(verdict: PairedTest['verdict']): Cell['tone'] {
  if (verdict === 'better') return 'best';
  return verdict === 'no difference shown' || verdict === 'too few seeds' || verdict === 'no pairs'
    ? 'muted'
    : undefined;
}

/** Says plainly when so few pairs cannot reach alpha, whatever comes out. */
function reach(tests: readonly PairedTest[], alpha: number): Block[] {
  const tested = tests.filter(({ n }) => n > 0);
  if (tested.length === 0)
    return [paragraph('No seed has a finished run of both systems yet: nothing is tested.', 'warning')];
  const most = Math.max(...tested.map(({ n }) => n));
  const alone = smallestP(most);
  const family = Math.min(1, alone * tested.length);
  const sizes = `With n = ${countOf(most, 'pair')} the smallest two-sided p that this test can give is ${probability(alone)}`;
  const corrected = `after Holm's correction for ${countOf(tested.length, 'comparison')} ${probability(family)}`;
  if (family > alpha)
    return [
      paragraph(
        `${sizes}, ${corrected}: above ${alpha} whatever the runs show. Nothing can be decided by these tests with so few seeds; only the differences and their intervals speak.`,
        'warning',
      ),
    ];
  return [paragraph(`${sizes}, ${corrected}. "No difference shown" means just that, not that there is none.`)];
}

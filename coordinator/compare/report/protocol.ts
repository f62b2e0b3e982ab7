/** What was compared and how it is decided: stated before any result. */
import { COLLAPSE_DEFINITION } from '../results/collapse.js';
import type { Results } from '../results/results.js';
import type { Given } from '../spec.js';
import { RESAMPLES } from '../statistics/bootstrap.js';
import { type Block, type Table, cell, heading, paragraph } from './blocks.js';
import { metricTitle } from './facet.js';
import { countOf, whole } from './numbers.js';

export function protocolBlocks({ comparison }: Results): Block[] {
  const { data, seeds, settings, common, perData, evaluate } = comparison;
  const named = Object.keys(settings).filter((setting) => setting !== '');
  return [
    heading(2, 'What was compared', 'protocol'),
    keysTable('Systems: what each sets beside the common keys.', 'System', comparison.systems),
    ...(named.length > 0 ? [keysTable('Settings: every system under each.', 'Setting', settings)] : []),
    {
      kind: 'list',
      items: [
        `Data: ${data.join(', ')}.`,
        `Seeds: ${seeds.join(', ')}. A seed decides the initial weights, the order of the data and all latents; runs of one seed are paired.`,
        `Common keys: ${keysOf(common) || 'none'}${Object.entries(perData)
          .map(([name, keys]) => `; on ${name}: ${keysOf(keys)}`)
          .join('')}. All other keys have their defaults.`,
        evaluate === false
          ? 'Nothing was evaluated: only losses are compared.'
          : `Evaluation: of the last step, ${whole(evaluate.samples)} samples of each generator and of their mixture, seed ${evaluate.seed}.`,
      ],
    },
  ];
}

export function decisionBlocks({ comparison }: Results): Block[] {
  const { data, primary, tests, evaluate } = comparison;
  const metrics = data.map((name) => `${metricTitle(primary[name] ?? 'kid', name)} on ${name}`);
  return [
    heading(2, 'How it is decided', 'decision'),
    paragraph('Stated before the results; it follows from the file, not from what came out.'),
    {
      kind: 'list',
      items: [
        ...(evaluate === false
          ? []
          : [
              `Primary metric: ${metrics.join(', ')}, of the mixture of all generators at the last step. The others are shown, and decide nothing.`,
              `Comparisons: every system against '${tests.baseline}', and every two pggan systems that differ in their generator loss alone.`,
              `Test: Wilcoxon's signed-rank test on the differences of the same seed, two-sided, exact (all assignments of signs are counted, ties share their mean rank, seeds without a difference are dropped). Holm's correction over all comparisons on a data set. Threshold: alpha = ${tests.alpha}.`,
              `Interval: percentile bootstrap of the mean difference, ${whole(RESAMPLES)} resamples, seeded; without correction.`,
            ]),
        '± is the standard error over runs, n the number of runs. Runs that died are in no mean and no test: where they are many, the means flatter the system.',
        COLLAPSE_DEFINITION,
      ],
    },
  ];
}

export function repeatBlocks({ comparison, source, runs }: Results): Block[] {
  const summaries = runs.flatMap(({ summary }) => summary ?? []);
  const distinct = (values: readonly string[]) => [...new Set(values)].sort().join('; ') || 'unknown';
  const feature = summaries.map(({ evaluation }) => evaluation?.features).find((one) => one?.name === 'mnist-cnn');
  const seconds = summaries.reduce((sum, summary) => sum + summary.seconds, 0);
  const { name } = comparison;
  const features =
    feature?.name === 'mnist-cnn'
      ? [
          `Feature network: ${feature.name}, sha256 ${feature.sha256}, accuracy ${feature.testAccuracy} on the test digits.`,
        ]
      : [];
  return [
    heading(2, 'To repeat it', 'repeat'),
    {
      kind: 'code',
      text: `npx coordinator compare ${source.file} --out runs/${name}\nnpx coordinator start --config runs/${name}/runs/${runs[0]?.name ?? ''}.config.json   # one run alone`,
    },
    {
      kind: 'list',
      items: [
        `Versions: ${distinct(
          summaries.map(({ versions }) =>
            Object.entries(versions)
              .map(([part, version]) => `${part} ${version}`)
              .join(', '),
          ),
        )}.`,
        `Machine: ${distinct(summaries.map(({ machine }) => `${countOf(machine.cores, 'core')}, ${machine.processor}`))}; device ${distinct(summaries.map(({ device }) => device))}.`,
        ...features,
        `Training time of all runs together: ${whole(seconds)} s.`,
      ],
    },
    { kind: 'code', text: source.text, summary: 'The file' },
  ];
}

function keysTable(caption: string, title: string, named: Readonly<Record<string, Given>>): Table {
  return {
    kind: 'table',
    caption,
    columns: [{ title }, { title: 'Keys', isText: true }],
    rows: Object.entries(named).map(([name, keys]) => ({ cells: [cell(name), cell(keysOf(keys) || '–')] })),
  };
}

function keysOf(keys: Given): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { counts, graph, lowLimit, stat, withLimits } from '../panels.js';
import { now, total } from '../promql.js';

export function quality(): Row {
  return {
    title: 'Sample quality',
    panels: [
      graph(
        {
          title: 'KID',
          description:
            'Kernel inception distance of each generator and of their mixture, the best so far, and the floor below which figures are noise. ' +
            'Lower is better; near 0 it may be negative. Of few samples: compare steps of one run only (docs/stability.md, Evaluations).',
          unit: units.NoUnit,
          width: 12,
        },
        { expr: now(RUN.kid), legend: '{{of}}' },
        { expr: now(RUN.kidBest), legend: 'best' },
        { expr: now(RUN.kidFloor), legend: 'floor' },
      ).decimals(4),
      withLimits(
        graph(
          {
            title: 'KID over the best',
            description:
              'Newest KID over the best, both at least the floor: 1 is as good as ever. Above 1.5 (--collapse-ratio) in 3 evaluations in a row: ' +
              'quality-collapse; the best checkpoint is kept, see --on-collapse (docs/stability.md).',
            unit: units.NoUnit,
            width: 12,
          },
          { expr: now(RUN.kidRatio), legend: 'ratio' },
        ).min(0),
        [[1.5, 'red']],
      ).decimals(2),
      counts(
        {
          title: 'Modes covered',
          description:
            'Known modes of the data with a sample of the mixture. At most half of them in 3 evaluations in a row: mode-collapse. ' +
            'No data: the data has no known modes (docs/stability.md).',
          unit: units.NoUnit,
          width: 6,
        },
        { expr: now(RUN.modes), legend: 'covered' },
        { expr: now(RUN.modesOf), legend: 'known' },
      ),
      graph(
        {
          title: 'High-quality samples',
          description:
            'Share of the points within 3 standard deviations of a mode, for the 2-D mixtures. It should grow; when it falls while all modes are ' +
            'covered, samples lie between the modes (docs/metrics.md).',
          unit: units.PercentUnit,
          width: 6,
        },
        { expr: now(RUN.highQuality), legend: 'high quality' },
      )
        .min(0)
        .max(1),
      lowLimit(
        graph(
          {
            title: 'Class entropy',
            description:
              'Entropy of the classes of the samples in nats; ten classes in equal parts have 2.303. Below 1.5 in 3 evaluations in a row: ' +
              'class-collapse. No data: the data has no classes (docs/stability.md).',
            unit: units.NoUnit,
            width: 6,
          },
          { expr: now(RUN.classEntropy), legend: 'entropy' },
        ).min(0),
        1.5,
      ),
      stat(
        {
          title: 'Evaluation lag',
          description:
            'Steps since the newest evaluation. More than a few times --evaluate-every: the evaluator is slower than the training, or has ended ' +
            '(evaluation-ended in events.jsonl; docs/stability.md, Evaluations).',
          unit: units.NoUnit,
          width: 3,
          height: 8,
        },
        { expr: `${now(RUN.step)} - ${now(RUN.evaluatedStep)}` },
      ),
      stat(
        {
          title: 'Evaluations skipped',
          description:
            'Evaluations that were due and left out because the evaluator was still busy. Above 0: raise --evaluate-every (docs/stability.md).',
          unit: units.NoUnit,
          width: 3,
          height: 8,
        },
        { expr: total(RUN.evaluationsSkipped) },
        [[1, 'yellow']],
      ),
    ],
  };
}

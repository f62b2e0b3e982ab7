import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph, lowLimit } from '../panels.js';
import { now } from '../promql.js';

export function networks(): Row {
  return {
    title: 'Discriminator and generators',
    panels: [
      graph(
        {
          title: 'Largest singular values (sigma)',
          description:
            "Spectral norm of each layer's kernel of the discriminator, before any normalisation; every --signals-every steps. " +
            'A layer that grows without end, or jumps, comes before a collapse (docs/stability.md, Signals).',
          unit: units.NoUnit,
          width: 8,
        },
        { expr: now(RUN.sigma), legend: 'layer {{layer}}' },
      ),
      lowLimit(
        graph(
          {
            title: 'Sample diversity',
            description:
              "Mean distance between two samples of a generator's batch over that of real data. Below 50 % in 3 signals in a row after the " +
              'first 1,000 steps: diversity-collapse; what comes of it says --on-collapse (docs/stability.md).',
            unit: units.PercentUnit,
            width: 8,
          },
          { expr: now(RUN.diversity), legend: '{{judged}}' },
        ).min(0),
        0.5,
      ),
      graph(
        {
          title: 'Update shares',
          description:
            "Each generator's share of the weights of the generators' loss; together 1. Below a fifth of an equal share: generator-starving, " +
            'it hardly learns any more (docs/stability.md).',
          unit: units.PercentUnit,
          width: 8,
        },
        { expr: now(RUN.updateShare), legend: '{{judged}}' },
      )
        .min(0)
        .max(1),
    ],
  };
}

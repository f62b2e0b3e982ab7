import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph, logarithmic, stacked, withLimits } from '../panels.js';
import { now, share } from '../promql.js';

export function losses(): Row {
  return {
    title: 'Losses, verdicts and gradients',
    panels: [
      graph(
        {
          title: 'Losses',
          description:
            'L_D, the unweighted loss of each generator, and the averaged L_G. No loss of a GAN has to fall. ' +
            'L_D near 0 most of the time is a risk, not a collapse: look at KID before acting (docs/stability.md, Cautions).',
          unit: units.NoUnit,
          width: 12,
        },
        { expr: now(RUN.discriminatorLoss), legend: 'discriminator' },
        { expr: now(RUN.generatorLoss), legend: '{{role}}' },
        { expr: now(RUN.averageGeneratorLoss), legend: 'generators, averaged' },
      ),
      withLimits(
        graph(
          {
            title: 'D(x) and D(G(z))',
            description:
              'Mean score of real data (x) and of each generator, 0 to 1. Near 0.5 all: D cannot tell them apart. ' +
              'x near 1 and all generators near 0 for long: the discriminator is too strong (rule at 0.98; docs/stability.md).',
            unit: units.PercentUnit,
            width: 12,
          },
          { expr: now(RUN.score), legend: '{{judged}}' },
        )
          .min(0)
          .max(1),
        [[0.98, 'red']],
      ),
      stacked(
        {
          title: 'Verdict shares',
          description:
            'Of which source the most realistic sample was: real data (x) or a generator. x wins most at the start of every run. ' +
            'One of them above 95 % after the first 1,000 steps: verdict-stuck (docs/stability.md).',
          unit: units.PercentUnit,
          width: 12,
        },
        { expr: share(RUN.verdicts), legend: '{{judged}}' },
      )
        .min(0)
        .max(1),
      withLimits(
        logarithmic(
          graph(
            {
              title: 'Gradient norms',
              description:
                "Global L2 norm of each role's gradient, logarithmic. Above 100 it explodes, below 1e-7 for 50 steps it has vanished: " +
                'lower the learning rate, or use spectral norm (docs/stability.md).',
              unit: units.NoUnit,
              width: 12,
            },
            { expr: now(RUN.gradientNorm), legend: '{{role}}' },
          ),
        ),
        [[100, 'red']],
      ),
    ],
  };
}

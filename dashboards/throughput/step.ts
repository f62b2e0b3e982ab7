import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN, WORKER_METRICS as WORKER } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph, stacked, withLimits } from '../panels.js';
import { mean, quantile, secondsPerSecond } from '../promql.js';

const WAITING = { phase: '~wait-.*' } as const;

export function step(): Row {
  return {
    title: 'What a step waits for',
    panels: [
      stacked(
        {
          title: 'Critical path and waiting',
          description:
            'Mean step time, divided into the longest chain of computing (what it would take without any message or wait) and all the rest. ' +
            'Much rest: the exchange, the votes or a busy machine; much chain: a faster device or smaller networks.',
          unit: units.Seconds,
          width: 12,
        },
        { expr: mean(RUN.chain), legend: 'longest chain' },
        { expr: `${mean(RUN.stepSeconds)} - ${mean(RUN.chain)}`, legend: 'messages and waiting' },
      ).min(0),
      withLimits(
        graph(
          {
            title: 'Overhead share',
            description:
              'Share of the step time that is not on the longest chain of computing. Toys (ring8) are ' +
              'mostly overhead; above half with images, the run waits more than it computes: fewer processes a core, or a quicker link.',
            unit: units.PercentUnit,
            width: 6,
          },
          { expr: `1 - ${mean(RUN.chain)} / (${mean(RUN.stepSeconds)})`, legend: 'overhead' },
        )
          .min(0)
          .max(1),
        [[0.5, 'orange']],
      ),
      graph(
        {
          title: 'Vote spread',
          description:
            'From the first vote of a step to the last. Wide: one role holds up the commit; the phases by role name it (stragglers: docs/faults.md, slow).',
          unit: units.Seconds,
          width: 6,
        },
        { expr: quantile(0.5, RUN.voteSpread), legend: 'p50' },
        { expr: quantile(0.99, RUN.voteSpread), legend: 'p99' },
      ).min(0),
      graph(
        {
          title: 'Waiting share by role',
          description:
            "Share of a role's time within a step in which it waits for others. Generators wait while the discriminator computes: that is the design. " +
            'A discriminator that waits much: the generators are the slow ones.',
          unit: units.PercentUnit,
          width: 24,
        },
        {
          expr: `${secondsPerSecond(WORKER.phase, WAITING, ['role'])} / ${secondsPerSecond(WORKER.phase, {}, ['role'])}`,
          legend: '{{role}}',
        },
      )
        .min(0)
        .max(1),
    ],
  };
}

import * as units from '@grafana/grafana-foundation-sdk/units';
import { PROCESS_METRICS as PROCESS, RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph, withLimits } from '../panels.js';
import { mean, now, perSecond, quantile } from '../promql.js';

export function processes(): Row {
  return {
    title: 'Processes',
    panels: [
      graph(
        {
          title: 'CPU use',
          description:
            'Processor seconds a second: cores in use by each role, the coordinator and spares included. All together near the number of cores: ' +
            'the machine is the limit, not the waiting.',
          unit: units.NoUnit,
          width: 8,
        },
        { expr: perSecond(PROCESS.cpu), legend: '{{role}}' },
      )
        .min(0)
        .decimals(2),
      withLimits(
        graph(
          {
            title: 'Event-loop lag',
            description:
              'How late the event loop that does the network was since the last scrape: median, p99, largest. Above 0.5 s heartbeats are late, and a worker may be taken for ' +
              'silent (docs/faults.md): too many processes a core.',
            unit: units.Seconds,
            width: 8,
          },
          { expr: now(PROCESS.eventLoopLag), legend: '{{role}}, {{stat}}' },
        ).min(0),
        [[0.5, 'red']],
      ),
      graph(
        {
          title: 'Checkpoint time',
          description:
            'From the commit that asked for a checkpoint until it was on the disk. Training does not wait for it; longer than --checkpoint-seconds: ' +
            'a slow disk or network file system (docs/checkpoints.md).',
          unit: units.Seconds,
          width: 8,
        },
        { expr: mean(RUN.checkpoint), legend: 'mean' },
        { expr: quantile(0.99, RUN.checkpoint), legend: 'p99' },
      ).min(0),
    ],
  };
}

import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN, WORKER_METRICS as WORKER } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph, stacked, table, timeline, withLimits } from '../panels.js';
import { now, total } from '../promql.js';
import { workerStates } from '../states.js';

export function workers(): Row {
  return {
    title: 'Workers',
    panels: [
      timeline(
        {
          title: 'Workers by role',
          description:
            'State of the worker of each role; of the spares, the state of the furthest. missing: no worker has the role now; starting for minutes: ' +
            'look into its log, RUN/logs/ (docs/faults.md, start deadline).',
          unit: units.Short,
          width: 12,
        },
        workerStates.words,
        { expr: workerStates.expr, legend: '{{role}}' },
      ),
      withLimits(
        graph(
          {
            title: 'Heartbeat age',
            description:
              "Since anything came from a role's worker; a heartbeat comes every 0.5 s. At the deadline (10 s, --heartbeat-deadline) the worker is taken for " +
              'silent and replaced (docs/faults.md).',
            unit: units.Seconds,
            width: 12,
          },
          { expr: now(RUN.heartbeatAge), legend: '{{role}}' },
        )
          .min(0)
          .axisSoftMax(10),
        [
          [2, 'yellow'],
          [10, 'red'],
        ],
      ),
      stacked(
        {
          title: 'Workers by state',
          description:
            'How many workers are missing, starting and ready, spares included. Missing ones that stay: nobody joins; start another worker (docs/operations.md).',
          unit: units.NoUnit,
          width: 8,
        },
        { expr: total(RUN.workers, {}, ['state']), legend: '{{state}}' },
      )
        .min(0)
        .decimals(0),
      table(
        {
          title: 'Worker information',
          description:
            'What each worker is now. Unlike versions or engines give other bits than a run of one kind; a role on cpu beside others on a GPU holds them up.',
          unit: units.Short,
          width: 16,
        },
        { role: 'Role', device: 'Device', engine: 'Engine', threads: 'Threads', version: 'Version' },
        { expr: now(WORKER.info) },
      ),
    ],
  };
}

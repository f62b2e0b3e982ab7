import * as units from '@grafana/grafana-foundation-sdk/units';
import { WORKER_METRICS as WORKER } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { stacked, stackedBars } from '../panels.js';
import { mean } from '../promql.js';

export function phases(): Row {
  return {
    title: 'Phases of a step',
    panels: [
      stackedBars(
        {
          title: 'Phases by role',
          description:
            'Where the time of each role goes in a step, mean seconds of each phase, now. wait-... is waiting for others, commit is taking the update over, ' +
            'all others are its own computing. The role with the least waiting sets the pace.',
          unit: units.Seconds,
          width: 24,
          height: 9,
        },
        'role',
        'phase',
        { expr: mean(WORKER.phase) },
      ),
      stacked(
        {
          title: 'Phases of $role',
          description:
            'The same over time, one panel a role. A phase of computing that grows while the others stay: that worker is slow (docs/faults.md); ' +
            'only the waiting grows: somebody else is.',
          unit: units.Seconds,
          width: 24,
          height: 9,
        },
        { expr: mean(WORKER.phase), legend: '{{phase}}' },
      )
        .min(0)
        .repeat('role')
        .repeatDirection('h')
        .maxPerRow(3),
    ],
  };
}

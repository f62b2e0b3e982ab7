import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { stat, timeline, words } from '../panels.js';
import { now, total } from '../promql.js';

export function rules(): Row {
  return {
    title: 'Rules of stability',
    panels: [
      timeline(
        {
          title: 'Rules active',
          description:
            'When a rule of stability held, and of whom. No data is good: none has held. Names ending in -collapse are collapses, the others ' +
            'warnings; each is explained in docs/stability.md, Rules.',
          unit: units.Short,
          width: 20,
        },
        words([['holds', 'red']]),
        { expr: now(RUN.rule), legend: '{{rule}} {{subject}}' },
      ),
      stat(
        {
          title: 'Rollbacks',
          description:
            'How often the run went back to its best checkpoint (--on-collapse rollback) since its coordinator started. After --max-rollbacks it goes on: ' +
            'change the setting instead (docs/stability.md).',
          unit: units.NoUnit,
          width: 4,
          height: 8,
        },
        { expr: total(RUN.rollbacks) },
        [[1, 'yellow']],
      ),
    ],
  };
}

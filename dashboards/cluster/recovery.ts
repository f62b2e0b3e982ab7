import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { bars, counts, table } from '../panels.js';
import { countSoFar, meanSoFar, now, quantileSoFar } from '../promql.js';

export function recovery(): Row {
  return {
    title: 'Recovery',
    panels: [
      bars(
        {
          title: 'Mean recovery time',
          description:
            'What a recovery took on average since the coordinator started, by part: detect, replace, restore, replay, and their total. ' +
            'What to expect, and what shortens each part: docs/faults.md, Recovery time. No data: no recovery yet.',
          unit: units.Seconds,
          width: 8,
        },
        { expr: meanSoFar(RUN.recovery), legend: '{{part}}' },
        [
          [15, 'yellow'],
          [60, 'red'],
        ],
      ),
      table(
        {
          title: 'Recovery time by part',
          description:
            'Recoveries since the coordinator started: mean and quantiles, as exact as the buckets are fine. Detection near the heartbeat deadline: ' +
            'workers fall silent; replacement of many seconds: have --spares (docs/faults.md).',
          unit: units.Seconds,
          width: 8,
        },
        { part: 'Part', 'Value #A': 'Mean', 'Value #B': 'p50', 'Value #C': 'p90', 'Value #D': 'Recoveries' },
        { expr: meanSoFar(RUN.recovery) },
        { expr: quantileSoFar(0.5, RUN.recovery) },
        { expr: quantileSoFar(0.9, RUN.recovery) },
        { expr: countSoFar(RUN.recovery) },
      ).overrideByName('Recoveries', [{ id: 'unit', value: units.NoUnit }]),
      counts(
        {
          title: 'Epochs over time',
          description:
            'Each rise is a recovery, a rollback or a start. A staircase without long steps is a recovery loop: docs/operations.md.',
          unit: units.NoUnit,
          width: 8,
        },
        { expr: now(RUN.epoch), legend: 'epoch' },
      ),
    ],
  };
}

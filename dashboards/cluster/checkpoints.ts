import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { counts, graph, withLimits } from '../panels.js';
import { now, since } from '../promql.js';

export function checkpoints(): Row {
  return {
    title: 'Checkpoints',
    panels: [
      withLimits(
        graph(
          {
            title: 'Checkpoint age',
            description:
              'Since the newest checkpoint was written, or else since the coordinator started: what a crash of all would cost. By default one comes every 15 s ' +
              '(--checkpoint-seconds); minutes are bad: disk full or slow (docs/checkpoints.md).',
            unit: units.Seconds,
            width: 8,
          },
          { expr: since(RUN.checkpointTime), legend: 'age' },
        ).min(0),
        [
          [60, 'orange'],
          [300, 'red'],
        ],
      ),
      graph(
        {
          title: 'Checkpoint size',
          description:
            'Size of the newest checkpoint. It stays the same for one shape of networks; a change without a new run is strange (docs/checkpoints.md).',
          unit: units.BytesSI,
          width: 8,
        },
        { expr: now(RUN.checkpointBytes), legend: 'size' },
      ).min(0),
      counts(
        {
          title: 'Committed and saved steps',
          description:
            'The newest committed step and that of the newest checkpoint: their distance is what would be replayed. It should stay small (docs/checkpoints.md).',
          unit: units.NoUnit,
          width: 8,
        },
        { expr: now(RUN.step), legend: 'committed' },
        { expr: now(RUN.checkpointStep), legend: 'checkpoint' },
      ),
    ],
  };
}

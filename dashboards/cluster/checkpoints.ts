import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { counts, graph, withLimits } from '../panels.js';
import { now, perSecond, since } from '../promql.js';

export function checkpoints(): Row {
  return {
    title: 'Checkpoints and the store',
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
      withLimits(
        graph(
          {
            title: 'Store lag',
            description:
              'Age of the oldest change that the run store (NATS) does not have. Seconds are normal while a checkpoint goes there; training waits at --store-lag, ' +
              '300 s by default (docs/store.md). With the file store it is 0.',
            unit: units.Seconds,
            width: 8,
          },
          { expr: now(RUN.storeLag), legend: 'lag' },
        ).min(0),
        [
          [60, 'orange'],
          [300, 'red'],
        ],
      ),
      counts(
        {
          title: 'Changes that the store lacks',
          description:
            'Lines of the journals, documents, checkpoints and pictures on their way to the run store. It should come back to 0 again and again; ' +
            'a steady climb is a store that is away, or slower than the training (docs/store.md).',
          unit: units.NoUnit,
          width: 8,
        },
        { expr: now(RUN.storeWrites), legend: 'changes' },
      ),
      graph(
        {
          title: 'Time waited for the store',
          description:
            'Share of the time that the training waited for the run store, seen once it is back. It should be 0 (docs/store.md).',
          unit: units.PercentUnit,
          width: 8,
        },
        { expr: perSecond(RUN.paused), legend: 'waited' },
      ).min(0),
    ],
  };
}

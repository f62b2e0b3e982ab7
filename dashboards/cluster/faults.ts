import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { counts, legend, type Look, type Query, stat } from '../panels.js';
import { total } from '../promql.js';

const SO_FAR = ' Counted since the coordinator started.';

/** There is a line for every cause that there can be; the ones that happened come first. */
function byCause(look: Look, query: Query) {
  return counts(look, query).legend(legend().sortBy('Last *').sortDesc(true));
}

export function faults(): Row {
  const small = { unit: units.NoUnit, width: 6 } as const;
  const figure = { unit: units.NoUnit, width: 4 } as const;
  return {
    title: 'Faults',
    panels: [
      byCause(
        {
          title: 'Steps called off',
          description: `Steps that could not be committed, by cause; each was replayed from a checkpoint (docs/faults.md).${SO_FAR}`,
          ...small,
        },
        { expr: total(RUN.calledOff), legend: '{{cause}}' },
      ),
      byCause(
        {
          title: 'Workers lost',
          description: `Workers that were lost and replaced, by cause. The same cause again and again uses up a budget (docs/faults.md, Budgets).${SO_FAR}`,
          ...small,
        },
        { expr: total(RUN.lost), legend: '{{cause}}' },
      ),
      byCause(
        {
          title: 'Faults suspected',
          description: `Faults that were seen and not acted upon, by cause: slow links, a busy machine (docs/faults.md, When nobody is evicted).${SO_FAR}`,
          ...small,
        },
        { expr: total(RUN.suspected), legend: '{{cause}}' },
      ),
      byCause(
        {
          title: 'Faults injected',
          description: `Faults made on purpose by coordinator chaos, by kind. Anything here on a run that is no experiment is a mistake (docs/chaos.md).${SO_FAR}`,
          ...small,
        },
        { expr: total(RUN.injected), legend: '{{fault}}' },
      ),
      stat(
        {
          title: 'Recoveries',
          description:
            'Faults from which the run has come back to the step in which they happened. Each costs what the next row says.',
          ...figure,
        },
        { expr: total(RUN.recoveries) },
      ),
      stat(
        {
          title: 'Steps replayed',
          description:
            'Steps computed again after a fault. Many for each fault: a shorter --checkpoint-seconds helps (docs/checkpoints.md).',
          ...figure,
        },
        { expr: total(RUN.replayed) },
      ),
      stat(
        {
          title: 'Replays differing',
          description:
            'Replayed steps that gave other bits than before. It must be 0: hardware, an engine that is not deterministic, or a bug of Duet (docs/faults.md).',
          ...figure,
        },
        { expr: total(RUN.replayDiffers) },
        [[1, 'red']],
      ),
      stat(
        {
          title: 'Faulty steps',
          description:
            'Steps with a number that was not finite. One may be chance on a bad machine; several are divergence: see Training stability (--max-faulty-steps).',
          ...figure,
        },
        { expr: total(RUN.faulty) },
        [
          [1, 'yellow'],
          [5, 'red'],
        ],
      ),
      stat(
        {
          title: 'Stale messages refused',
          description:
            'Messages of an old epoch that were refused anywhere in the run. A few after each recovery are normal; growing without one is not (docs/protocol.md).',
          ...figure,
        },
        { expr: total(RUN.stale) },
      ),
      stat(
        {
          title: 'Checkpoints passed over',
          description:
            'Checkpoints that were damaged and not used. Above 0: check the disk; coordinator start --resume takes the newest sound one (docs/checkpoints.md).',
          ...figure,
        },
        { expr: total(RUN.checkpointsPassedOver) },
        [[1, 'red']],
      ),
    ],
  };
}

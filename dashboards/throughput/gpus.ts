import * as units from '@grafana/grafana-foundation-sdk/units';
import { WORKER_METRICS as WORKER } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph, withLimits } from '../panels.js';
import { now } from '../promql.js';

const LEGEND = '{{role}}, GPU {{gpu}}';
const EMPTY = ' No data: no worker has an NVIDIA card.';

export function gpus(): Row {
  return {
    title: 'GPU (only with NVIDIA cards)',
    panels: [
      graph(
        {
          title: 'GPU utilisation',
          description:
            "Share of the time in which a kernel ran on the worker's card (nvidia-smi). Low while the waiting is high: the step waits for " +
            `messages or for another role, not for the card.${EMPTY}`,
          unit: units.PercentUnit,
          width: 8,
        },
        { expr: now(WORKER.gpuLoad), legend: LEGEND },
      )
        .min(0)
        .max(1),
      graph(
        {
          title: 'GPU memory used',
          description: `Memory in use on the worker's card, by anyone. Steady growth is a leak: compare Live tensors in Cluster health.${EMPTY}`,
          unit: units.BytesIEC,
          width: 8,
        },
        { expr: now(WORKER.gpuMemory), legend: LEGEND },
      ).min(0),
      withLimits(
        graph(
          {
            title: 'GPU memory share',
            description:
              'Memory in use over what the card has. Above 95 % the next larger batch does not fit; TensorFlow may also take all at once, ' +
              `which is no fault.${EMPTY}`,
            unit: units.PercentUnit,
            width: 8,
          },
          { expr: `${now(WORKER.gpuMemory)} / ${now(WORKER.gpuMemoryTotal)}`, legend: LEGEND },
        )
          .min(0)
          .max(1),
        [[0.95, 'orange']],
      ),
    ],
  };
}

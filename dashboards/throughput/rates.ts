import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph } from '../panels.js';
import { mean, perSecond, quantile } from '../promql.js';

export function rates(): Row {
  return {
    title: 'Rates',
    panels: [
      graph(
        {
          title: 'Step rate',
          description:
            'Committed steps a second, replayed ones included. 0 while the run recovers. A lasting fall with the same config: look at the ' +
            'phases below for who became slower.',
          unit: units.OpsPerSecond,
          width: 8,
        },
        { expr: perSecond(RUN.committed), legend: 'steps' },
      ).min(0),
      graph(
        {
          title: 'Sample throughput',
          description:
            'Samples of the data a second that committed steps trained on, replayed ones included. Compare settings of unlike batch sizes by it.',
          unit: units.CountsPerSecond,
          width: 8,
        },
        { expr: perSecond(RUN.samples), legend: 'samples' },
      ).min(0),
      graph(
        {
          title: 'Step time',
          description:
            'From one commit to the next: mean and quantiles, which are as exact as the buckets are fine. p99 far above the median: some steps ' +
            'wait for somebody; the next row says for whom.',
          unit: units.Seconds,
          width: 8,
        },
        { expr: mean(RUN.stepSeconds), legend: 'mean' },
        { expr: quantile(0.5, RUN.stepSeconds), legend: 'p50' },
        { expr: quantile(0.9, RUN.stepSeconds), legend: 'p90' },
        { expr: quantile(0.99, RUN.stepSeconds), legend: 'p99' },
      ).min(0),
    ],
  };
}

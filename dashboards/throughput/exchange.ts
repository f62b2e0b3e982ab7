import * as units from '@grafana/grafana-foundation-sdk/units';
import { WORKER_METRICS as WORKER } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph, withLimits } from '../panels.js';
import { mean, now, perSecond, quantile } from '../promql.js';

const LEGEND = '{{role}}, {{direction}}';

export function exchange(): Row {
  return {
    title: 'Exchange of activations and gradients',
    panels: [
      graph(
        {
          title: 'Exchange throughput',
          description:
            'Payload of activations and gradients at each end, bytes a second. It follows the step rate; near what the network carries, a larger ' +
            'batch costs more than it gives (docs/protocol.md).',
          unit: units.BytesPerSecondSI,
          width: 6,
        },
        { expr: perSecond(WORKER.exchangeBytes), legend: LEGEND },
      ).min(0),
      graph(
        {
          title: 'Mean transfer time',
          description:
            'How long one tensor took through the exchange, first message to last. Milliseconds on loopback; tens of them hold every step up: ' +
            'look at the network, or at the event-loop lag below.',
          unit: units.Seconds,
          width: 6,
        },
        { expr: mean(WORKER.exchange), legend: LEGEND },
      ).min(0),
      graph(
        {
          title: 'Transfer time, p99',
          description:
            'The slowest of a hundred transfers. Far above the mean: a link that stutters, or a machine that is busy.',
          unit: units.Seconds,
          width: 6,
        },
        { expr: quantile(0.99, WORKER.exchange), legend: LEGEND },
      ).min(0),
      withLimits(
        graph(
          {
            title: 'Round trip',
            description:
              "Newest round trip of a generator's pulse to the discriminator and back. Over 1 s is a slow link, told of as an event; it is acted on only " +
              'when it holds a step up (docs/faults.md).',
            unit: units.Seconds,
            width: 6,
          },
          { expr: now(WORKER.roundTrip), legend: '{{role}}' },
        ).min(0),
        [[1, 'red']],
      ),
    ],
  };
}

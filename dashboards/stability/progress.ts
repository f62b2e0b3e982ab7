import { BigValueColorMode } from '@grafana/grafana-foundation-sdk/common';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { stat } from '../panels.js';
import { now, perSecond } from '../promql.js';
import { runState } from '../states.js';

export function progress(): Row {
  return {
    title: 'Progress',
    panels: [
      stat(
        {
          title: 'Run state',
          description:
            'What the run does now. Recovering for longer than a minute or failed is bad: see the dashboard Cluster health and events.jsonl.',
          unit: units.Short,
          width: 4,
        },
        { expr: runState.expr },
      )
        .mappings(runState.words)
        .colorMode(BigValueColorMode.Value),
      stat(
        {
          title: 'Step',
          description: 'The newest committed step. It goes back for a moment when steps are replayed after a fault.',
          unit: units.NoUnit,
          width: 4,
        },
        { expr: now(RUN.step) },
      ),
      stat(
        {
          title: 'Progress',
          description: 'The newest committed step over the step at which the run is finished (--steps).',
          unit: units.PercentUnit,
          width: 4,
        },
        { expr: `${now(RUN.step)} / ${now(RUN.target)}` },
      ).decimals(1),
      stat(
        {
          title: 'Time left',
          description: 'At the step rate of now. It jumps during a recovery, in which nothing is committed.',
          unit: units.Seconds,
          width: 4,
        },
        { expr: `(${now(RUN.target)} - ${now(RUN.step)}) / ${perSecond(RUN.committed)}` },
      ).decimals(0),
      stat(
        {
          title: 'KID of the mixture',
          description:
            'Kernel inception distance of the newest evaluation; lower is better. No data: nothing is evaluated yet, or the data has no KID (docs/stability.md).',
          unit: units.NoUnit,
          width: 4,
        },
        { expr: now(RUN.kid, { of: 'mixture' }) },
      ).decimals(4),
      stat(
        {
          title: 'Best KID',
          description:
            'The lowest KID of the mixture so far: the step in best.json. --on-collapse rollback goes back to it.',
          unit: units.NoUnit,
          width: 4,
        },
        { expr: now(RUN.kidBest) },
      ).decimals(4),
    ],
  };
}

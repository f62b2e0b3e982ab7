import * as units from '@grafana/grafana-foundation-sdk/units';
import { RUN_METRICS as RUN } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { stat, table, timeline, words } from '../panels.js';
import { JOB, now, since, total } from '../promql.js';
import { runState } from '../states.js';

export function run(): Row {
  return {
    title: 'Run',
    panels: [
      timeline(
        {
          title: 'Run state',
          description:
            'What the run did when. Short recoveries are what faults cost; recovering again and again is a recovery loop, failed is the end ' +
            '(docs/faults.md, Budgets; the reason is in run.json).',
          unit: units.Short,
          width: 12,
          height: 4,
        },
        runState.words,
        { expr: runState.expr, legend: 'run' },
      ),
      stat(
        {
          title: 'Workers ready',
          description:
            'Workers that are ready for a step, spares included. Fewer than roles: nothing is committed (docs/faults.md).',
          unit: units.NoUnit,
          width: 4,
        },
        { expr: total(RUN.workers, { state: 'ready' }, []) },
      ),
      stat(
        {
          title: 'Since the last commit',
          description:
            'Seconds since a step was last committed. Above the step deadline (60 s, --step-deadline) something holds the run up: docs/operations.md.',
          unit: units.Seconds,
          width: 4,
        },
        { expr: since(RUN.lastCommit) },
        [
          [30, 'yellow'],
          [60, 'red'],
        ],
      ).decimals(0),
      stat(
        {
          title: 'Epoch',
          description:
            'Epoch of membership: grows whenever the run goes on from a checkpoint. Growing steadily: a recovery loop (docs/faults.md).',
          unit: units.NoUnit,
          width: 4,
        },
        { expr: now(RUN.epoch) },
      ),
      table(
        {
          title: 'Run information',
          description: 'Version, system and data of the run; everything that was asked is in config.json.',
          unit: units.Short,
          width: 8,
          height: 5,
        },
        { system: 'System', data: 'Data', version: 'Version' },
        { expr: now(RUN.info) },
      ),
      timeline(
        {
          title: 'Scrape targets up',
          description:
            'Whether Prometheus reaches each process of the run. A worker that ends takes its target with it; a red one is there and does not answer: ' +
            'the process hangs, or its port is not reachable from Prometheus.',
          unit: units.Short,
          width: 16,
          height: 5,
        },
        words([
          ['down', 'red'],
          ['up', 'green'],
        ]),
        { expr: `max by (instance) (up{job="${JOB}", run="$run"}) + 1`, legend: '{{instance}}' },
      ),
    ],
  };
}

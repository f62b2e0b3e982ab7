import * as units from '@grafana/grafana-foundation-sdk/units';
import { PROCESS_METRICS as PROCESS, WORKER_METRICS as WORKER } from '../../common/metrics/names.js';
import type { Row } from '../frame.js';
import { graph } from '../panels.js';
import { now, total } from '../promql.js';

export function processes(): Row {
  return {
    title: 'Memory and processes',
    panels: [
      graph(
        {
          title: 'Resident memory',
          description:
            'Resident memory of each role, of all spares together, and of the coordinator. Steady growth over thousands of steps is a leak: compare the live tensors ' +
            'beside it, and restart the worker (docs/operations.md).',
          unit: units.BytesIEC,
          width: 8,
        },
        { expr: total(PROCESS.resident), legend: '{{role}}' },
      ).min(0),
      graph(
        {
          title: 'Live tensors',
          description:
            'Tensors that the engine holds after a step. It must stay level: growth is a leak of tensors, a bug of Duet.',
          unit: units.NoUnit,
          width: 8,
        },
        { expr: now(WORKER.tensors), legend: '{{role}}' },
      )
        .min(0)
        .decimals(0),
      graph(
        {
          title: 'Process uptime',
          description:
            'Since each process started; of the spares, the youngest. A line that falls to 0 is a process that was replaced: Workers lost says why.',
          unit: units.Seconds,
          width: 8,
        },
        { expr: `time() - ${now(PROCESS.started)}`, legend: '{{role}}' },
      ).min(0),
    ],
  };
}

/** From the times of `bench step` to its tables. */
import type { StepMetrics } from '../coordinator/run/journal/journal.js';
import { overhead } from './duet.js';
import { median, medianAndRange, medianRatio, table } from './statistics.js';
import { type Transfers, exchangeBytes } from './transfers.js';
import { PRESET } from './work.js';

export const FORMS = {
  duetThree: 'Duet, 3 worker processes (D 2 threads, G 1)',
  gloo1: 'PyTorch gloo, 3 processes, 1 thread each',
  gloo2: 'PyTorch gloo, 3 processes, 2 threads each',
  duetOne1: 'Duet, one process, 1 thread',
  torchOne1: 'PyTorch, one process, 1 thread',
  duetOne2: 'Duet, one process, 2 threads',
  torchOne2: 'PyTorch, one process, 2 threads',
} as const;
export type Form = keyof typeof FORMS;
/** Milliseconds of a step, a value a turn; NaN where there is none. */
export type Times = Readonly<Record<Form, readonly number[]>>;

/** Which peers a form is measured against: with the better of them in the same turn. */
const PEERS: Partial<Record<Form, readonly Form[]>> = {
  duetThree: ['gloo1', 'gloo2'],
  duetOne1: ['torchOne1'],
  duetOne2: ['torchOne2'],
};

/** What the step is to come to (issue 9), as a share of the better of these peers. */
const GOALS: readonly { form: Form; peers: readonly Form[]; of: string; most: number }[] = [
  { form: 'duetThree', peers: ['gloo1', 'gloo2'], of: 'three workers / PyTorch gloo', most: 0.65 },
  { form: 'duetThree', peers: ['torchOne2'], of: 'three workers / PyTorch, one process, 2 threads', most: 1 },
  { form: 'duetOne1', peers: ['torchOne1'], of: 'one process / PyTorch, one process, 1 thread each', most: 1 },
];

/** The median over the turns of a form's time, over that of the quickest of these peers in the same turn. */
function against(times: Times, form: Form, peers: readonly Form[]): number {
  const best = times[form].map((_, turn) => {
    const measured = peers.flatMap((peer) => times[peer][turn] ?? []).filter((ms) => !Number.isNaN(ms));
    return measured.length === 0 ? Number.NaN : Math.min(...measured);
  });
  return medianRatio(times[form], best);
}

export function stepTable(times: Times): string {
  const rows = (Object.keys(FORMS) as Form[]).map((form) => {
    const values = times[form].filter((ms) => !Number.isNaN(ms));
    const peers = PEERS[form];
    return [
      FORMS[form],
      ...(values.length === 0 ? ['failed', ''] : medianAndRange(values, 1)),
      peers === undefined ? '' : shown(against(times, form, peers)),
      form === 'duetThree' ? shown(against(times, form, ['torchOne2'])) : '',
    ];
  });
  return table(['', 'ms a step', 'range', 'of its peer', 'of one process'], rows);
}

function shown(ratio: number): string {
  return Number.isNaN(ratio) ? '' : ratio.toFixed(2);
}

export function goalTable(times: Times): string {
  const rows = GOALS.map(({ form, peers, of, most }) => {
    const ratio = against(times, form, peers);
    return Number.isNaN(ratio)
      ? [of, '', most.toFixed(2), 'not measured']
      : [of, ratio.toFixed(3), most.toFixed(2), ratio <= most ? 'met' : 'missed'];
  });
  return table(['Goals, median of the turns', 'ratio', 'at most', ''], rows);
}

/** @param transfers on a card only: what a step uploads and reads back */
export function exchangeTable(run: readonly StepMetrics[], transfers: Transfers | undefined): string {
  const costs = run.map(overhead);
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  return table(
    ['Three workers: what is not compute', ''],
    [
      ['activations to the discriminator, a step', kib(exchangeBytes(PRESET))],
      ['gradients to the generators, a step', kib(exchangeBytes(PRESET))],
      ...(transfers === undefined
        ? []
        : [
            ['uploaded to the cards by all workers, a step', kib(transfers.upload)],
            ['read back from the cards by all workers, a step', kib(transfers.readback)],
          ]),
      [
        'exchange, vote and commit beyond the longest chain of compute',
        `${median(costs.map(({ ms }) => ms)).toFixed(1)} ms`,
      ],
      ['its share of the step (aim: under 5 %)', `${(100 * median(costs.map(({ share }) => share))).toFixed(1)} %`],
    ],
  );
}

/** `bench step`: the step of the MNIST preset in all forms, alternating, so that the machine's moods meet all alike. */
import { UsageError } from '../common/errors.js';
import type { StepMetrics } from '../coordinator/run/journal.js';
import { medianMs, oneProcess, overhead, threeWorkers } from './duet.js';
import { assertPeer, torchStep } from './peer.js';
import { freePort } from '../tests/support/free-port.js';
import { median, table } from './statistics.js';

/** Batch 64 of 28 x 28 float32 from each of two generators, and as many gradients back. */
const EXCHANGE_BYTES = 2 * 64 * 28 * 28 * 4;

const FORMS = {
  duetThree: 'Duet, 3 worker processes (D 2 threads, G 1)',
  gloo1: 'PyTorch gloo, 3 processes, 1 thread each',
  gloo2: 'PyTorch gloo, 3 processes, 2 threads each',
  duetOne1: 'Duet, one process, 1 thread',
  torchOne1: 'PyTorch, one process, 1 thread',
  duetOne2: 'Duet, one process, 2 threads',
  torchOne2: 'PyTorch, one process, 2 threads',
} as const;
type Form = keyof typeof FORMS;

/** Which peer a form is measured against. */
const PEER: Partial<Record<Form, Form>> = { duetThree: 'gloo1', duetOne1: 'torchOne1', duetOne2: 'torchOne2' };

export async function measureStep({ pairs, steps }: { pairs: number; steps: number }): Promise<void> {
  if (!Number.isInteger(pairs) || pairs < 1 || !Number.isInteger(steps) || steps < 1) {
    throw new UsageError('--pairs and --steps take whole numbers from 1 on');
  }
  assertPeer();
  const times: Record<Form, number[]> = {
    duetThree: [],
    gloo1: [],
    gloo2: [],
    duetOne1: [],
    torchOne1: [],
    duetOne2: [],
    torchOne2: [],
  };
  const run: StepMetrics[] = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    for (const form of Object.keys(FORMS) as Form[]) {
      process.stderr.write(`pair ${pair} of ${pairs}: ${FORMS[form]}\n`);
      times[form].push(await measure(form, steps, run));
    }
  }
  process.stdout.write(
    `\nA step of the MNIST preset, batch 64, median of ${pairs} alternating measurements of ${steps} steps\n\n`,
  );
  process.stdout.write(`${stepTable(times)}\n\n${exchangeTable(run)}\n`);
}

async function measure(form: Form, steps: number, run: StepMetrics[]): Promise<number> {
  switch (form) {
    case 'duetThree': {
      const metrics = await threeWorkers(steps);
      run.push(...metrics);
      return medianMs(metrics);
    }
    case 'duetOne1':
      return oneProcess(1, steps);
    case 'duetOne2':
      return oneProcess(2, steps);
    case 'torchOne1':
      return (await torchStep('one', 1, steps, 0)) ?? Number.NaN;
    case 'torchOne2':
      return (await torchStep('one', 2, steps, 0)) ?? Number.NaN;
    case 'gloo1':
      return (await torchStep('gloo', 1, steps, await freePort())) ?? Number.NaN;
    case 'gloo2':
      // Six threads on two cores: a quarter of the steps is enough to see that it is no help.
      return (await torchStep('gloo', 2, Math.ceil(steps / 4), await freePort())) ?? Number.NaN;
  }
}

function stepTable(times: Record<Form, number[]>): string {
  const rows = (Object.keys(FORMS) as Form[]).map((form) => {
    const values = times[form];
    const peer = PEER[form];
    return [
      FORMS[form],
      median(values).toFixed(1),
      `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`,
      peer === undefined ? '' : median(values.map((ms, i) => ms / (times[peer][i] ?? Number.NaN))).toFixed(2),
    ];
  });
  return table(['', 'ms a step', 'range', 'of its peer'], rows);
}

function exchangeTable(run: readonly StepMetrics[]): string {
  const costs = run.map(overhead);
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;
  return table(
    ['Three workers: what is not compute', ''],
    [
      ['activations to the discriminator, a step', kib(EXCHANGE_BYTES)],
      ['gradients to the generators, a step', kib(EXCHANGE_BYTES)],
      [
        'exchange, vote and commit beyond the longest chain of compute',
        `${median(costs.map(({ ms }) => ms)).toFixed(1)} ms`,
      ],
      ['its share of the step (aim: under 5 %)', `${(100 * median(costs.map(({ share }) => share))).toFixed(1)} %`],
    ],
  );
}

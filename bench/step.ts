/** `bench step`: the step of the MNIST preset in all forms, alternating, so that the machine's moods meet all alike. */
import type { StepMetrics } from '../coordinator/run/journal/journal.js';
import { freePort } from '../tests/support/hosts/free-port.js';
import { assertCounts } from './counts.js';
import { type BenchDevice, assertDevice } from './device.js';
import { medianMs, oneProcess, threeWorkers } from './duet.js';
import { assertPeer, torchStep } from './peer.js';
import { FORMS, type Form, exchangeTable, goalTable, stepTable } from './step-tables.js';
import { countTransfers } from './transfers.js';
import { PRESET } from './work.js';

interface StepOptions {
  pairs: number;
  steps: number;
  device: BenchDevice;
}

export async function measureStep({ pairs, steps, device }: StepOptions): Promise<void> {
  assertCounts({ pairs, steps });
  await assertDevice(device);
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
      times[form].push(await measure(form, steps, device, run));
    }
  }
  const transfers = device === 'cuda' ? await countTransfers(PRESET, device) : undefined;
  process.stdout.write(
    `\nA step of the MNIST preset, batch 64, on ${device}, median of ${pairs} alternating measurements of ${steps} steps\n\n`,
  );
  process.stdout.write(`${stepTable(times)}\n\n${exchangeTable(run, transfers)}\n\n${goalTable(times)}\n`);
}

async function measure(form: Form, steps: number, device: BenchDevice, run: StepMetrics[]): Promise<number> {
  const torch = async (kind: 'one' | 'gloo', threads: number) =>
    (await torchStep(kind, threads, steps, kind === 'one' ? 0 : await freePort(), ['--device', device])) ?? Number.NaN;
  switch (form) {
    case 'duetThree': {
      const metrics = await threeWorkers(steps, undefined, ['--device', device]);
      run.push(...metrics);
      return medianMs(metrics);
    }
    case 'duetOne1':
      return oneProcess(1, steps, device);
    case 'duetOne2':
      return oneProcess(2, steps, device);
    case 'torchOne1':
      return torch('one', 1);
    case 'torchOne2':
      return torch('one', 2);
    case 'gloo1':
      return torch('gloo', 1);
    case 'gloo2':
      return torch('gloo', 2);
  }
}

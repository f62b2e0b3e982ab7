/** `bench cost`: what a step costs as its work grows, one thing at a time, beside PyTorch. */
import { type Command, Option } from 'commander';
import { assertCounts } from '../counts.js';
import { type BenchDevice, assertDevice, deviceOption } from '../device.js';
import { assertPeer } from '../peer.js';
import { Ledger } from './ledger.js';
import { measurePair } from './measure.js';
import { measureSeries } from './series.js';
import { SWEEPS, type Sweep, seriesOf } from './sweep.js';
import { costTable } from './tables.js';

interface CostFlags {
  by: Sweep | 'all';
  pairs: string;
  steps: string;
  values?: string;
  out?: string;
  device: BenchDevice;
}

export function addCostCommand(program: Command): void {
  program
    .command('cost')
    .description(
      'What a step costs as its work grows, beside PyTorch, alternating. All of it takes 13 minutes on two cores.',
    )
    .addOption(new Option('--by <what>', 'what grows').choices([...SWEEPS, 'all']).default('all'))
    .option('--values <list>', 'how it grows, such as 16,64,512, instead of the usual values')
    .option('--pairs <n>', 'how often each is measured', '3')
    .option('--steps <n>', 'most steps a measurement, after 3 to warm up; fewer where a step is larger', '20')
    .option('--out <file>', 'keep every measurement here as a JSON line, and do none again that is there')
    .addOption(deviceOption())
    .action((flags: CostFlags) => measureCost(flags));
}

async function measureCost({ by, values, out, device, ...counts }: CostFlags): Promise<void> {
  const [pairs, steps] = [Number(counts.pairs), Number(counts.steps)];
  assertCounts({ pairs, steps });
  const series = seriesOf(by, values);
  await assertDevice(device);
  assertPeer();
  const ledger = new Ledger(out);
  const tables: string[] = [];
  for (const each of series) {
    const text = costTable(each.by, await measureSeries(each, { ledger, device, pairs, steps }, measurePair));
    process.stderr.write(`\n${text}\n\n`);
    tables.push(text);
  }
  process.stdout.write(
    `\nA step as its work grows, on ${device}: medians of ${pairs} alternating measurements of up to ${steps} steps.\n${LEGEND}\n\n${tables.join('\n\n')}\n`,
  );
}

const LEGEND = `gloo: as many processes, a thread each. One process: two threads. Ratios: Duet over that one, median of the pairs.
Ideal: steps a second if a step took no longer than its longest chain of compute.`;

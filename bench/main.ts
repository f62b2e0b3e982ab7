/** `npm run bench -- NAME`: measurements beside their peers, in one run, because the machine is shared and noisy. */
import { Command } from 'commander';
import { runCommand } from '../common/process/run-command.js';
import { addCostCommand } from './cost/main.js';
import { type BenchDevice, deviceOption } from './device.js';
import { measureEngines } from './engines/main.js';
import { measureExchange } from './exchange/main.js';
import { measureFaults } from './faults/main.js';
import { measureMemory } from './memory.js';
import { measureMetrics } from './metrics.js';
import { setUpPeer } from './peer.js';
import { measureProfile } from './profile/main.js';
import { measureScale } from './scale/main.js';
import { measureStart } from './start/main.js';
import { measureStep } from './step.js';
import { measureTls } from './tls.js';

await runCommand(async () => {
  const program = new Command('bench')
    .description('Measure Duet beside its peers.')
    .showHelpAfterError()
    .exitOverride();
  program
    .command('setup')
    .description('Install PyTorch into a virtual environment of its own.')
    .action(() => setUpPeer());
  program
    .command('step')
    .description('A training step of the MNIST preset, beside PyTorch, alternating.')
    .option('--pairs <n>', 'how often each is measured', '5')
    .option('--steps <n>', 'steps a measurement, after 5 to warm up', '40')
    .addOption(deviceOption())
    .action((options: { pairs: string; steps: string; device: BenchDevice }) =>
      measureStep({ pairs: Number(options.pairs), steps: Number(options.steps), device: options.device }),
    );
  addCostCommand(program);
  program
    .command('profile')
    .description('Where a step of the MNIST preset goes: a timeline of all roles, phases and ops (docs/profiling.md).')
    .option('--steps <n>', 'steps of a run, after 5 to warm up', '40')
    .option('--workers <n>', 'of the run', '3')
    .option(
      '--pairs <n>',
      'runs without and with the profile, alternating; of those with it the median one is shown',
      '3',
    )
    .option('--step <n>', 'show this one (default: the one of median length)')
    .option('--trace <file>', 'write all steps as a Chrome trace (.json)')
    .action(
      ({
        steps,
        workers,
        pairs,
        step,
        trace,
      }: Record<'steps' | 'workers' | 'pairs', string> & { step?: string; trace?: string }) =>
        measureProfile({
          steps: Number(steps),
          workers: Number(workers),
          pairs: Number(pairs),
          step: step === undefined ? undefined : Number(step),
          trace,
        }),
    );
  program
    .command('metrics')
    .description('What being measured costs: of a step, of a scrape, and of runs that are scraped every second.')
    .option('--pairs <n>', 'runs with and without scrapes, alternating', '5')
    .option('--steps <n>', 'steps of each, after 5 to warm up', '60')
    .action((options: { pairs: string; steps: string }) =>
      measureMetrics({ pairs: Number(options.pairs), steps: Number(options.steps) }),
    );
  program
    .command('tls')
    .description('What mutual TLS costs of a step of the MNIST preset: runs with and without, alternating.')
    .option('--pairs <n>', 'how often each is measured', '5')
    .option('--steps <n>', 'steps of each, after 5 to warm up', '60')
    .action((options: { pairs: string; steps: string }) =>
      measureTls({ pairs: Number(options.pairs), steps: Number(options.steps) }),
    );
  program
    .command('exchange')
    .description('A tensor there and back between two processes, compute thread to compute thread.')
    .option('--rounds <n>', 'round trips of each size, after 30 to warm up', '300')
    .option('--delay <ms>', 'a relay holds everything so long, each way', '0')
    .option('--dtype <type>', 'as of coordinator start --exchange-dtype', 'float32')
    .action(({ rounds, delay, dtype }: Record<'rounds' | 'delay' | 'dtype', string>) =>
      measureExchange({ rounds: Number(rounds), delayMs: Number(delay), dtype }),
    );
  program
    .command('start')
    .description('From `coordinator start` to the first committed step, and what that time goes into.')
    .option('--runs <n>', 'starts by node and by npx, alternating', '5')
    .action((options: { runs: string }) => measureStart({ runs: Number(options.runs) }));
  program
    .command('engines')
    .description('The native engine beside wasm: a step, and the start (docs/engines.md).')
    .option('--pairs <n>', 'how often each is measured', '3')
    .option('--steps <n>', 'steps a measurement, after 5 to warm up', '20')
    .action(({ pairs, steps }: Record<'pairs' | 'steps', string>) =>
      measureEngines({ pairs: Number(pairs), steps: Number(steps) }),
    );
  program
    .command('memory')
    .description('Resident memory and live tensors of every process at step 100 and step 1,000.')
    .action(() => measureMemory());
  program
    .command('scale')
    .description('What a step costs the coordinator, by the number of workers, whose computing is simulated by a wait.')
    .option('--workers <list>', 'numbers of workers, 2 to 128 each', '2,3,4,8,16,32,64,128')
    .option('--compute <ms>', 'how long a step is computed', '20')
    .option('--steps <n>', 'steps measured without and with computing, after 600 to warm up', '300')
    .option('--profile <dir>', "write a CPU profile of each size's coordinator there, which slows it down")
    .action((options: { workers: string; compute: string; steps: string; profile?: string }) => measureScale(options));
  program
    .command('faults')
    .description(
      'Faults of all kinds in one run, which must end with the bits of one without; about an hour for 1,000.',
    )
    .option('--faults <n>', 'how many', '1000')
    .option('--seed <n>', 'which, whose and when', '1')
    .option('--spares <n>', 'workers that stand by', '2')
    .option('--out <dir>', 'keep the runs here, and go on with them when it is given again')
    .action(({ faults, seed, spares, out }: Record<'faults' | 'seed' | 'spares', string> & { out?: string }) =>
      measureFaults({ faults: Number(faults), seed: Number(seed), spares: Number(spares), out }),
    );
  await program.parseAsync();
  return 0;
});

/** The command `coordinator`. */
import { Command, Option } from 'commander';
import { type ExitCode, runCommand } from '../../common/process/run-command.js';
import { TRUST_OPTIONS } from '../../common/trust/files.js';
import { VERSION } from '../../common/version.js';
import { addChaosOptions, chaosCommand } from './chaos.js';
import type { CompareFlags } from './compare.js';
import { engineCommand } from './engine.js';
import { evaluateCommand } from './evaluate.js';
import { exportCommand } from './export.js';
import { featuresCommand } from './features.js';
import { fetchCommand } from './fetch.js';
import { sampleCommand } from './sample.js';
import { addStartOptions } from './start/start-options.js';
import { startCommand } from './start/start.js';
import { statusCommand } from './status/status.js';
import { viewCommand } from './view.js';

const START_EXAMPLES = `
Examples:
  $ npx coordinator start --workers 3                          the parallel-generator GAN on MNIST: 1 discriminator, 2 generators
  $ npx coordinator start --workers 4 --steps 1000             three generators
  $ npx coordinator start --system gan --data ring8            one generator on a ring of 8 Gaussians
  $ npx coordinator start --data photos/ --image-size 32       your own images
  $ npx coordinator start --config run.yaml --out runs/first   keys of the file are the flags, as in: steps: 1000
  $ npx coordinator start --resume runs/first --steps 6000     go on where it stopped
  $ npx coordinator start --placement external                 workers join by themselves (worker join --help)`;

const SAMPLE_EXAMPLES = `
Examples:
  $ npx coordinator sample --run runs/ID                       a grid of each generator's newest checkpoint
  $ npx coordinator sample --run runs/ID --generator 2 --count 100 --seed 7 --out digits.png`;

const VIEW_EXAMPLES = `
Examples:
  $ npx coordinator view --run runs/ID                         the page of a run, at http://127.0.0.1:8080
  $ npx coordinator view --run runs/ID --port 0                at any free port

A run that trains has a page already: coordinator start prints where. It changes nothing, and needs no token.`;

const EXPORT_EXAMPLES = `
Examples:
  $ npx coordinator export --run runs/ID                       writes runs/ID/export/generator-1/model.json, ...
  $ npx coordinator export --run runs/ID --page                and runs/ID/export/page/index.html: open it by double click
  $ npx coordinator export --run runs/ID --step best --page --out show`;

const EVALUATE_EXAMPLES = `
Examples:
  $ npx coordinator evaluate --run runs/ID                     KID, precision, modes, memorisation, ... of the newest checkpoint
  $ npx coordinator evaluate --run runs/ID --step all          a file for every checkpoint that is there
  $ npx coordinator evaluate --run runs/ID --samples 5000 --seed 2 --out figures.json`;
const FETCH_EXAMPLES = `
Examples:
  $ npx coordinator fetch --store nats://127.0.0.1:4222                  the runs that are there
  $ npx coordinator fetch --store nats://127.0.0.1:4222 --run first      into runs/first, also while it trains
  $ npx coordinator sample --run runs/first                              then it is a run directory like any other`;
const STATUS_EXAMPLES = `
Examples:
  $ npx coordinator status                                     the run in runs/ in which something happened last
  $ npx coordinator status --run runs/ID --watch               until it ends: exit code 0 when it came to its last step, 1 when not
  $ npx coordinator status --json | jq .state                  for scripts`;
const COMPARE_EXAMPLES = `
Examples:
  $ npx coordinator compare points.yaml                        every run that is not made yet, then the report in runs/NAME
  $ npx coordinator compare points.yaml --report-only          the report of what is there, also of a part
  $ npx coordinator compare points.yaml --retry-failed         runs that died get another chance

A file (all keys: docs/compare.md):
  name: points
  systems:
    gan: { system: gan }
    pggan: { system: pggan }
  data: [ring8, grid25]
  seeds: 10
  common: { steps: 5000 }

Ctrl-C, a crash, kill -9: the same command goes on, and makes no finished run again.`;

await runCommand(async () => {
  let code: ExitCode | undefined;
  const finish =
    <T>(command: (options: T) => Promise<ExitCode>) =>
    async (options: T) => {
      code = await command(options);
    };
  const program = new Command('coordinator')
    .description('Trains GANs with several generators and one discriminator, each in a worker process of its own.')
    .version(VERSION);

  addStartOptions(program.command('start').description('Train.'))
    .addHelpText('after', START_EXAMPLES)
    .action(finish(startCommand));

  program
    .command('status')
    .description('How a run stands, live or over.')
    .option('--run <dir>', 'run directory (default: the one in runs/ in which something happened last)')
    .option('--watch', 'until the run ends')
    .option('--json', 'one JSON object (with --watch: one a second)')
    .addHelpText('after', STATUS_EXAMPLES)
    .action(finish(statusCommand));

  program
    .command('sample')
    .description("Draw a PNG grid from a run's generators.")
    .requiredOption('--run <dir>', 'run directory')
    .option('--step <n>', "checkpoint of this step, or 'best': the one of the lowest KID (default: the newest)")
    .option('--generator <k>', 'only this generator (default: all, a band each)')
    .option('--count <n>', 'samples of each generator', '64')
    .option('--seed <n>', "seed of the latents (default: the run's own fixed latents)")
    .option('--out <file>', 'PNG to write (default: RUN/samples/drawn-step-N.png)')
    .addHelpText('after', SAMPLE_EXAMPLES)
    .action(finish(sampleCommand));

  program
    .command('view')
    .description('Show a run in a browser: curves, samples, workers, events. One that is over, or one that trains.')
    .requiredOption('--run <dir>', 'run directory')
    .option('--port <n>', 'of the page, 0 for any free one (default 8080, or any where that is taken)')
    .option('--host <address>', 'address to listen on; another than loopback needs --insecure', '127.0.0.1')
    .option('--insecure', 'listen on a --host that others can reach: whoever can reach it can look')
    .addHelpText('after', VIEW_EXAMPLES)
    .action(finish(viewCommand));

  program
    .command('export')
    .description('Write the generators as tfjs layers models, and a page that draws with them in any browser.')
    .requiredOption('--run <dir>', 'run directory')
    .option('--step <n>', "checkpoint of this step, or 'best': the one of the lowest KID (default: the newest)")
    .option('--out <dir>', 'folder to write to (default: RUN/export)')
    .option('--page', 'a web page beside them, in page/: new samples, a slider through latent space; works offline')
    .addHelpText('after', EXPORT_EXAMPLES)
    .action(finish(exportCommand));

  program
    .command('compare')
    .description('Train systems side by side, as one YAML file says, and report on them.')
    .argument('<file>', 'YAML: systems, data sets, seeds, settings')
    .option('--out <dir>', 'folder of the runs and the report (default: runs/NAME)')
    .option('--report-only', 'make the report again from what is there; train nothing')
    .option('--retry-failed', 'runs that died get another chance')
    .addHelpText('after', COMPARE_EXAMPLES)
    .action(async (file: string, flags: CompareFlags) => {
      // It draws charts, and what draws them takes as long to load as all the rest.
      const { compareCommand } = await import('./compare.js');
      code = await compareCommand(file, flags);
    });

  program
    .command('fetch')
    .description('Bring a run from a NATS store into a directory, or list the runs that it has.')
    .requiredOption('--store <url>', 'nats://HOST:PORT, or tls://HOST:PORT')
    .option('--run <id>', 'which run (default: list them)')
    .option('--out <dir>', 'a directory that does not exist, or is empty (default: runs/ID)')
    .option('--json', 'the list as JSON')
    .option('--store-credentials <file>', '.creds file, seed of an nkey, USER:PASSWORD or token')
    .option(...TRUST_OPTIONS[0])
    .option(...TRUST_OPTIONS[1])
    .option(...TRUST_OPTIONS[2])
    .option('--insecure', 'from another host without encryption, in a network that is to be trusted')
    .addHelpText('after', FETCH_EXAMPLES)
    .action(finish(fetchCommand));

  addChaosOptions(program.command('chaos').description('Make faults on purpose in a run that allows them.')).action(
    finish(chaosCommand),
  );

  program
    .command('engine')
    .description('Prepare the native engine if it is not there, and describe it.')
    .addOption(new Option('--device <device>', 'which build').choices(['auto', 'cuda', 'cpu']).default('auto'))
    .option('--rebuild', 'prepare it anew')
    .addHelpText('after', '\nExample:\n  $ npx coordinator engine')
    .action(finish(engineCommand));

  program
    .command('evaluate')
    .description('Measure the samples of a checkpoint, beside those of real data.')
    .requiredOption('--run <dir>', 'run directory')
    .option(
      '--step <n>',
      'checkpoint of this step, best (of the lowest KID while it trained) or all (default: the newest)',
    )
    .option('--samples <n>', 'samples of every group', '2000')
    .option('--seed <n>', 'seed of the latents and of the choice of real samples', '1')
    .option('--out <file>', 'JSON to write (default: RUN/evaluation/step-N.json)')
    .addHelpText('after', EVALUATE_EXAMPLES)
    .action(finish(evaluateCommand));

  program
    .command('features')
    .description('Train the network that images are evaluated with if it is not there, and describe it.')
    .option('--rebuild', 'train it anew')
    .addHelpText('after', '\nExample:\n  $ npx coordinator features')
    .action(finish(featuresCommand));

  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .showHelpAfterError(
        `(${command === program ? 'coordinator' : `coordinator ${command.name()}`} --help shows examples)`,
      );
  }
  await program.parseAsync();
  return code;
});

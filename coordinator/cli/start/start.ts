/** `coordinator start`: from flags to a finished run. */
import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../../../common/errors.js';
import type { ExitCode } from '../../../common/run-command.js';
import { LOG_LEVELS } from '../../../common/log-level.js';
import { DEVICES, ENGINES } from '../../../common/engine-choice.js';
import { ORDERS, SYSTEMS } from '../../../gan/config.js';
import { DATA_NAMES } from '../../../gan/data/open.js';
import type { NvidiaCard } from '../../../gan/engine/cards.js';
import { findPreparedEngine } from '../../../gan/engine/prepare/index.js';
import type { PreparedEngine } from '../../../gan/engine/prepare/prepared.js';
import { LOSS_NAMES } from '../../../gan/losses.js';
import { SETTING_NAMES } from '../../../gan/settings.js';
import { DISCRIMINATOR_TERMS, FAKE_WEIGHTS, GENERATOR_LOSSES, VERDICT_SCOPES } from '../../../gan/verdict.js';
import { externalPlacement } from '../../placement/external.js';
import { localPlacement } from '../../placement/local.js';
import type { Placement } from '../../placement/placement.js';
import { readConfigFile } from '../../run/config-file.js';
import { ON_COLLAPSE, PLACEMENTS } from '../../run/options.js';
import { readBest } from '../../run/quality.js';
import type { Run } from '../../training/run.js';
import type { Outcome } from '../../training/train.js';
import { exportGenerators } from '../export.js';
import { prepareWithProgress, usableCards } from '../engine.js';
import { withinGrace } from './grace.js';
import { type Plan, leaseDirectory, newPlan, openRun, resumedPlan } from './plan.js';
import { RunLog } from './run-log.js';
import { RunSession } from './run-session.js';
import { stopOnSignals } from '../signals.js';

type Flags = Readonly<Record<string, unknown>>;

/** Flags that are not keys of the config file. */
interface StartFlags extends Flags {
  config?: string;
  out?: string;
  resume?: string;
  acceptChanges?: true;
  takeOver?: true;
}

const number = (text: string): unknown => (text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text));
const oneOf = (names: readonly string[]) => names.join(', ');

/** Values are checked together with the config file's, in one place (run/options.ts). */
export function addStartOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'worker processes: one discriminator and the generators (default 3)', number)
    .option('--system <name>', `${oneOf(SYSTEMS)} (default pggan)`)
    .option('--generators <n>', 'number of generators, instead of --workers', number)
    .option('--data <what>', `${oneOf(DATA_NAMES)}, a folder of images or an .npz file (default mnist)`)
    .option('--image-size <px>', "size that a folder's images get (default 28)", number)
    .option('--channels <n>', 'colours of a folder of images: 1 grey, 3 RGB (default: as they are)', number)
    .option('--steps <n>', 'updates of every network (default 3000)', number)
    .option('--batch <n>', 'samples a step (default 64)', number)
    .option('--seed <n>', 'everything random follows from it (default 1)', number)
    .option('--latent <n>', 'size of the latent vector (default 100)', number)
    .option('--width <x>', 'multiplies filters and hidden units (default 1)', number)
    .option('--generator-width <x>', 'likewise, of the generators only, on top of --width (default 1)', number)
    .option('--spectral-norm', 'divide every kernel of the discriminator by its spectral norm (default with sngan)')
    .option('--no-spectral-norm', 'do not (default but with sngan)')
    .option('--loss <name>', `${oneOf(LOSS_NAMES)} (default non-saturating)`)
    .option('--order <name>', `${oneOf(ORDERS)} (default alternating)`)
    .option('--generator-loss <name>', `${oneOf(GENERATOR_LOSSES)} (default verdict-average)`)
    .option('--verdict <scope>', `one verdict a ${oneOf(VERDICT_SCOPES)} (default sample)`)
    .option('--discriminator-terms <which>', `${oneOf(DISCRIMINATOR_TERMS)} (default all)`)
    .option('--fake-weight <how>', `${oneOf(FAKE_WEIGHTS)} (default mean)`)
    .option('--discriminator-steps <n>', 'updates of the discriminator a step, n_dis (default 1)', number)
    .option(
      '--setting <name>',
      `${oneOf(SETTING_NAMES)} of the SNGAN paper: stands for --learning-rate, --beta1, --beta2 and --discriminator-steps where they are not given`,
    )
    .option('--learning-rate <x>', 'Adam (default 0.0002)', number)
    .option('--beta1 <x>', 'Adam (default 0.5)', number)
    .option('--beta2 <x>', 'Adam (default 0.999)', number)
    .option('--config <file>', 'YAML with any of these as keys, in camelCase; flags win')
    .option('--out <dir>', 'run directory (default runs/TIME-SYSTEM-DATA)')
    .option('--resume <dir>', 'go on with a run, from its newest good checkpoint')
    .option('--accept-changes', 'resume although the engine, the device or the data is another')
    .option('--take-over', 'resume although another coordinator drives the run, which then stops (docs/operations.md)')
    .option('--engine <name>', `${oneOf(ENGINES)} (default tensorflow)`)
    .option('--device <name>', `${oneOf(DEVICES)} (default auto)`)
    .option(
      '--threads <n>',
      "CPU threads of each worker; decides the result's last bits (default: the cores divided)",
      number,
    )
    .option('--placement <how>', `${oneOf(PLACEMENTS)} (default local)`)
    .option('--host <address>', 'address to listen on (default 127.0.0.1); another than loopback needs --insecure')
    .option('--port <n>', 'gRPC port, 0 for any free one (default 50051)', number)
    .option(
      '--web-host <address>',
      'address of the live page and the metrics, which show a run and change nothing (default 127.0.0.1); another than loopback needs --insecure',
    )
    .option(
      '--page-port <n>',
      'of the live page, 0 for any free one (default 8080, or any where that is taken)',
      number,
    )
    .option('--metrics-port <n>', 'of /metrics, /sd, /healthz, /readyz, likewise (default 9464)', number)
    .option('--insecure', 'listen on a --host that others can reach: there is no encryption, only the join token')
    .option('--grace <s>', 'seconds that a clean stop may take before the step is given up (default 20)', number)
    .option('--sample-every <n>', 'steps between sample grids (default 250)', number)
    .option('--checkpoint-every <n>', 'steps between checkpoints (default 500)', number)
    .option(
      '--checkpoint-seconds <s>',
      'a checkpoint after so many seconds, too: a fault costs at most about that much replay; 0: never by time (default 15)',
      number,
    )
    .option('--keep-checkpoints <n>', 'how many checkpoints stay, besides the best (default 3)', number)
    .option('--keep-every <n>', 'checkpoints of every n-th step stay for ever; 0: none (default 0)', number)
    .option(
      '--signals-every <n>',
      'steps between singular values, diversity, update shares; 0: never (default 50)',
      number,
    )
    .option(
      '--evaluate-every <n>',
      'steps between evaluations (KID) and their checkpoints; 0: never (default 500)',
      number,
    )
    .option('--on-collapse <what>', `${oneOf(ON_COLLAPSE)} (default ignore; docs/stability.md)`)
    .option('--max-rollbacks <n>', 'how often a run goes back to its best checkpoint (default 3)', number)
    .option('--collapse-ratio <x>', 'KID over the best that counts as collapsed (default 1.5)', number)
    .option('--spares <n>', 'workers beyond the needed number, ready to take a lost role (default 0)', number)
    .option('--heartbeat-deadline <seconds>', 'of silence, then a worker counts as lost (default 10)', number)
    .option(
      '--step-deadline <seconds>',
      'of a step, then a worker that is far slower than it used to be is replaced (default 60; docs/faults.md)',
      number,
    )
    .option('--max-crashes <n>', 'workers that may end by themselves before the run does (default 100)', number)
    .option('--max-evictions <n>', 'workers that may be replaced on suspicion (default 50)', number)
    .option('--max-faulty-steps <n>', 'steps with a number that is not finite (default 20)', number)
    .option('--allow-chaos', 'let `coordinator chaos` make faults on purpose in this run (docs/chaos.md)')
    .option(
      '--log-level <level>',
      `${oneOf(LOG_LEVELS)}: of the log on stderr, and of the local workers' (default info; silent on a terminal; docs/operations.md)`,
    );
}

export async function startCommand(flags: StartFlags): Promise<ExitCode> {
  const { config, out, resume, acceptChanges, takeOver, ...given } = flags;
  const file = config === undefined ? {} : readConfigFile(config);
  const begun = performance.now();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (takeOver === true && resume === undefined)
    throw new UsageError('--take-over takes a run from another coordinator: name the run with --resume DIR');
  if (resume !== undefined && out !== undefined)
    throw new UsageError('--resume goes on in its own directory: leave --out away');
  const plan = resume === undefined ? newPlan({ ...file, ...given }) : resumedPlan(resume, { ...file, ...given });
  const cards = plan.settings.placement === 'local' ? await usableCards(plan.engine.device) : [];
  const prepared =
    plan.settings.placement === 'local' ? await prepareWithProgress(cards.length > 0 ? 'cuda' : 'cpu') : undefined;
  const leased = await leaseDirectory(plan, out, {
    takeOver: takeOver === true,
    waiting: (text) => void process.stderr.write(`${text}\n`),
  });
  using lease = leased.lease;
  const log = new RunLog(leased.directory.id, plan.settings.logLevel);
  const run = openRun(plan, leased.directory, acceptChanges === true, log);
  const session = new RunSession(run, log, say);
  using signals = stopOnSignals();
  const { stop } = signals;
  const { grace } = plan.settings;
  const limits = { stop, graceMs: grace * 1000, lost: lease.lost };
  const outcome = await withinGrace(session.train(placementOf(plan, cards, prepared), stop), limits);
  if (outcome === 'given-up') {
    reportGivenUp(
      run,
      session.giveUp(`${String(stop.reason)}, and ${grace} s later the step was given up`),
      grace,
      say,
    );
    return EXIT_CODES.stopped;
  }
  // A coordinator of external workers may lack the engine; `coordinator export` does it where there is one.
  const engine = prepared ?? findPreparedEngine({ flavour: 'cpu', env: process.env });
  const exported = outcome.ended !== 'stopped' && engine !== undefined;
  if (exported) await exportLastAndBest(run, engine, outcome.step);
  report(run, outcome, exported, (performance.now() - begun) / 1000, say);
  return EXIT_CODES[outcome.ended];
}

/** A run that a rule ended has not done what it was asked. */
const EXIT_CODES: Readonly<Record<Outcome['ended'], ExitCode>> = { finished: 0, collapsed: 1, stopped: 130 };

async function exportLastAndBest({ directory }: Run, prepared: PreparedEngine, last: number): Promise<void> {
  await exportGenerators(directory, { prepared, say: () => {} });
  const best = readBest(directory);
  const out = directory.file('export', 'best');
  directory.assertWritable();
  // Of a run that was resumed: another checkpoint may have been the best then.
  rmSync(out, { recursive: true, force: true });
  if (best === undefined || best.step === last) return;
  await exportGenerators(directory, { prepared, say: () => {}, step: 'best', out });
}

function placementOf(
  { settings }: Plan,
  cards: readonly NvidiaCard[],
  prepared: PreparedEngine | undefined,
): Placement {
  if (settings.placement === 'external') return externalPlacement();
  const { allowChaos, logLevel = 'info' } = settings;
  return localPlacement({ cards, libraryPath: prepared?.libraryPath ?? [], allowChaos, logLevel });
}

function sentenceOf({ recoveries, replayedSteps, staleMessages }: Outcome['faults']): string {
  return `${recoveries} recovered, ${replayedSteps} steps replayed, ${staleMessages} messages of old epochs refused`;
}

function report(
  { directory }: Run,
  { step, ended, reason, picture, faults }: Outcome,
  exported: boolean,
  seconds: number,
  say: (line: string) => void,
): void {
  if (step === 0) return say('stopped before the first step; nothing is kept');
  if (ended === 'finished') say(`done: ${step} steps in ${Math.round(seconds)} s`);
  else say(`stopped at step ${step} with a checkpoint${ended === 'collapsed' ? ` (${reason})` : ''}`);
  if (faults.recoveries > 0) say(`faults         ${sentenceOf(faults)}`);
  if (picture !== undefined) say(`samples        ${picture}`);
  say(`checkpoints    ${directory.file('checkpoints')}`);
  const best = readBest(directory);
  if (best !== undefined) say(`best           step ${best.step}, KID ${best.kid.toFixed(4)}`);
  if (ended !== 'finished') say(`go on with     npx coordinator start --resume ${directory.path}`);
  if (exported) say(`generators     ${directory.file('export')} (tfjs layers models)`);
  else if (ended === 'finished') say(`export with    npx coordinator export --run ${directory.path}`);
  say(`metrics        ${directory.file('metrics.jsonl')}`);
}

function reportGivenUp({ directory }: Run, step: number | undefined, grace: number, say: (line: string) => void): void {
  say(`gave up after ${grace} s (--grace): the step did not end`);
  if (step === undefined) return say('stopped before the first checkpoint; start the run anew');
  say(`stopped; the newest whole checkpoint is of step ${step}`);
  say(`checkpoints    ${directory.file('checkpoints')}`);
  say(`go on with     npx coordinator start --resume ${directory.path}`);
}

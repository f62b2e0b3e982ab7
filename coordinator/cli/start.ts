/** `coordinator start`: from flags to a finished run. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { UsageError } from '../../common/errors.js';
import type { ExitCode } from '../../common/run-command.js';
import { ENGINES, type EngineChoice } from '../../common/engine-choice.js';
import { DEVICES } from '../../common/engine-choice.js';
import { ORDERS, SYSTEMS } from '../../gan/config.js';
import { DATA_NAMES } from '../../gan/data/open.js';
import type { NvidiaCard } from '../../gan/engine/cards.js';
import type { PreparedEngine } from '../../gan/engine/prepare/prepared.js';
import { LOSS_NAMES } from '../../gan/losses.js';
import { DISCRIMINATOR_TERMS, FAKE_WEIGHTS, GENERATOR_LOSSES, VERDICT_SCOPES } from '../../gan/verdict.js';
import { externalPlacement } from '../placement/external.js';
import { localPlacement } from '../placement/local.js';
import type { Placement } from '../placement/placement.js';
import { threadsOf } from '../placement/threads.js';
import { readConfigFile } from '../run/config-file.js';
import { RunDirectory } from '../run/directory.js';
import { RunIdentity } from '../run/identity.js';
import { Journal } from '../run/journal.js';
import { PLACEMENTS, type RunOptions, compileOptions } from '../run/options.js';
import { type RunRecord, newRecord, readRecord, writeRecord } from '../run/record.js';
import { newestGoodCheckpoint } from '../run/resume.js';
import { type RunStatus, writeStatus } from '../run/status.js';
import { rolesOf } from '../training/roles.js';
import type { Run } from '../training/run.js';
import { type Outcome, train } from '../training/train.js';
import { exportGenerators } from './export.js';
import { prepareWithProgress, usableCards } from './engine.js';
import { spectator } from './progress.js';
import { stopOnSignals } from './signals.js';

type Flags = Readonly<Record<string, unknown>>;

/** Flags that are not keys of the config file. */
interface StartFlags extends Flags {
  config?: string;
  out?: string;
  resume?: string;
  acceptChanges?: true;
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
    .option('--loss <name>', `${oneOf(LOSS_NAMES)} (default non-saturating)`)
    .option('--order <name>', `${oneOf(ORDERS)} (default alternating)`)
    .option('--generator-loss <name>', `${oneOf(GENERATOR_LOSSES)} (default verdict-average)`)
    .option('--verdict <scope>', `one verdict a ${oneOf(VERDICT_SCOPES)} (default sample)`)
    .option('--discriminator-terms <which>', `${oneOf(DISCRIMINATOR_TERMS)} (default all)`)
    .option('--fake-weight <how>', `${oneOf(FAKE_WEIGHTS)} (default mean)`)
    .option('--learning-rate <x>', 'Adam (default 0.0002)', number)
    .option('--beta1 <x>', 'Adam (default 0.5)', number)
    .option('--beta2 <x>', 'Adam (default 0.999)', number)
    .option('--config <file>', 'YAML with any of these as keys, in camelCase; flags win')
    .option('--out <dir>', 'run directory (default runs/TIME-SYSTEM-DATA)')
    .option('--resume <dir>', 'go on with a run, from its newest good checkpoint')
    .option('--accept-changes', 'resume although the engine, the device or the data is another')
    .option('--engine <name>', `${oneOf(ENGINES)} (default tensorflow)`)
    .option('--device <name>', `${oneOf(DEVICES)} (default auto)`)
    .option('--placement <how>', `${oneOf(PLACEMENTS)} (default local)`)
    .option('--host <address>', 'address to listen on; loopback only (default 127.0.0.1)')
    .option('--port <n>', 'gRPC port, 0 for any free one (default 50051)', number)
    .option('--sample-every <n>', 'steps between sample grids (default 250)', number)
    .option('--checkpoint-every <n>', 'steps between checkpoints (default 500)', number)
    .option('--keep-checkpoints <n>', 'how many checkpoints stay (default 3)', number);
}

export async function startCommand(flags: StartFlags): Promise<ExitCode> {
  const { config, out, resume, acceptChanges, ...given } = flags;
  const file = config === undefined ? {} : readConfigFile(config);
  const begun = performance.now();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (resume !== undefined && out !== undefined)
    throw new UsageError('--resume goes on in its own directory: leave --out away');
  const plan = resume === undefined ? newPlan({ ...file, ...given }) : resumedPlan(resume, { ...file, ...given });
  const cards = plan.settings.placement === 'local' ? await usableCards(plan.engine.device) : [];
  const prepared =
    plan.settings.placement === 'local' ? await prepareWithProgress(cards.length > 0 ? 'cuda' : 'cpu') : undefined;
  const run = openRun(plan, out, acceptChanges === true);
  using signals = stopOnSignals();
  const outcome = await trainRun(run, placementOf(plan, cards, prepared), signals.stop, say);
  if (!outcome.stopped && prepared !== undefined) await exportGenerators(run.directory, { prepared, say: () => {} });
  report(run, outcome, (performance.now() - begun) / 1000, say);
  return outcome.stopped ? 130 : 0;
}

interface Plan extends RunOptions {
  engine: EngineChoice;
  resumed?: { directory: RunDirectory; record: RunRecord };
}

function newPlan(given: Flags): Plan {
  const options = compileOptions(given);
  return { ...options, engine: { name: options.settings.engine, device: options.settings.device } };
}

/** What decides the result stays as it was; only the number of steps may grow, and what belongs to the running change. */
function resumedPlan(path: string, given: Flags): Plan {
  const directory = RunDirectory.open(path);
  const record = readRecord(directory);
  const fixed = Object.keys(given).find((key) => key !== 'steps' && (key in record.training || key === 'workers'));
  if (fixed !== undefined) {
    throw new UsageError(`--${fixed} cannot change when a run is resumed: leave it away, or start another run`);
  }
  const { engine: _engine, device: _device, ...settings } = record.settings;
  const options = compileOptions({ ...record.training, ...settings, ...given });
  return { ...options, engine: record.engine, resumed: { directory, record } };
}

function placementOf(
  { settings }: Plan,
  cards: readonly NvidiaCard[],
  prepared: PreparedEngine | undefined,
): Placement {
  return settings.placement === 'external'
    ? externalPlacement
    : localPlacement({ cards, libraryPath: prepared?.libraryPath ?? [] });
}

function openRun(plan: Plan, out: string | undefined, accept: boolean): Run {
  const { training, settings, engine, resumed } = plan;
  const directory = resumed?.directory ?? RunDirectory.create(out ?? defaultFolder(training.system, training.data));
  const roles = rolesOf(training.generators);
  const cores = availableParallelism();
  const threads =
    resumed?.record.threads ??
    Object.fromEntries(roles.map((role) => [role, threadsOf(role, cores, training.generators)]));
  let record: RunRecord = {
    ...(resumed?.record ?? newRecord(directory, { training, settings, engine, threads })),
    training,
    settings: { ...settings },
  };
  const change = (found: Partial<RunRecord>) => {
    record = { ...record, ...found };
    writeRecord(directory, record);
  };
  const journal = new Journal(directory);
  const step = resumed === undefined ? 0 : newestGoodCheckpoint(directory, journal, roles);
  if (step >= training.steps) {
    throw new UsageError(
      `${directory.path} has come to step ${step} of ${training.steps} already: give a larger --steps to go on`,
    );
  }
  journal.rewind(step);
  change({});
  return {
    directory,
    journal,
    training,
    settings,
    engine,
    threads,
    step,
    token: directory.writeToken(),
    describeData: (sampleShape) => change({ sampleShape }),
    identity: new RunIdentity(record.identity, accept, (identity) => change({ identity })),
  };
}

/** runs/2026-11-24T13-22-38-pggan-mnist */
function defaultFolder(system: string, data: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const name = data.split('/').filter(Boolean).at(-1) ?? data;
  return `runs/${time}-${system}-${name.replaceAll(/[^\w.-]/g, '_')}`;
}

async function trainRun(
  run: Run,
  placement: Placement,
  stop: AbortSignal,
  say: (line: string) => void,
): Promise<Outcome> {
  const { directory, journal, training } = run;
  let status: RunStatus = { id: directory.id, state: 'starting', pid: process.pid, address: '', step: run.step };
  const become = (change: Partial<RunStatus>) => {
    status = { ...status, ...change };
    writeStatus(directory, status);
  };
  const watcher = spectator(training.steps, process.stdout);
  const workers = training.generators + 1;
  try {
    await using _placement = placement;
    const outcome = await train({
      run,
      placement,
      stop,
      spectator: { ...watcher, began: (step) => (become({ state: 'running' }), watcher.began(step)) },
      listening(address) {
        become({ address });
        journal.event(
          run.step === 0
            ? { event: 'run-started', workers, address }
            : { event: 'run-resumed', step: run.step, workers, address },
        );
        say(
          `${training.system} on ${training.data}: ${training.generators} generators, ${workers} workers, seed ${training.seed}`,
        );
        say(`run directory  ${directory.path}`);
        say(`coordinator    ${address} (gRPC)`);
        if (run.step > 0) say(`resumed        from step ${run.step}`);
      },
    });
    const state = outcome.stopped ? 'stopped' : 'finished';
    journal.event({
      event: `run-${state}`,
      step: outcome.step,
      reason: outcome.stopped ? String(stop.reason) : 'all steps',
    });
    become({ state, step: outcome.step });
    return outcome;
  } catch (error) {
    concludeFailure(run, status, error);
    throw error;
  }
}

/** A start that came to nothing leaves nothing; a run that has trained keeps all it has. */
function concludeFailure({ directory, journal, step }: Run, status: RunStatus, error: unknown): void {
  if (status.state === 'starting' && step === 0) return directory.discard();
  try {
    journal.event({
      event: 'run-failed',
      step: status.step,
      reason: error instanceof Error ? error.message : String(error),
    });
    writeStatus(directory, { ...status, state: 'failed' });
  } catch {
    // A full disk may be the very reason; the first error is the one to tell.
  }
}

function report(
  { directory }: Run,
  { step, stopped, picture }: Outcome,
  seconds: number,
  say: (line: string) => void,
): void {
  say(stopped ? `stopped at step ${step} with a checkpoint` : `done: ${step} steps in ${Math.round(seconds)} s`);
  if (picture !== undefined) say(`samples        ${picture}`);
  say(`checkpoints    ${directory.file('checkpoints')}`);
  if (stopped) say(`go on with     npx coordinator start --resume ${directory.path}`);
  else say(`generators     ${directory.file('export')} (tfjs layers models)`);
  say(`metrics        ${directory.file('metrics.jsonl')}`);
}

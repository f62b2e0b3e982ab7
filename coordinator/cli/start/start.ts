/** `coordinator start`: from flags to a finished run. */
import { rmSync } from 'node:fs';
import { LeaseLostError, UsageError } from '../../../common/errors.js';
import type { ExitCode } from '../../../common/process/run-command.js';
import type { Engine } from '../../../gan/engine/index.js';
import type { PresetName } from '../../../gan/presets.js';
import { findEngineOf } from '../../engines/beside.js';
import { type Chosen, assertThreads, chooseEngine, sameEngine, withoutPreparing } from '../../engines/choose.js';
import { explainFallback } from '../../engines/fallback.js';
import { externalPlacement } from '../../placement/external.js';
import { localPlacement } from '../../placement/local.js';
import type { Placement } from '../../placement/placement.js';
import { readConfigFile } from '../../run/config/config-file.js';
import { describePreset } from '../../run/config/preset-text.js';
import { readBest } from '../../run/journal/quality.js';
import type { Run } from '../../training/run.js';
import type { Outcome } from '../../training/train.js';
import { exportGenerators } from '../export.js';
import { stopOnSignals } from '../signals.js';
import { settled, toldToEnd } from './ending.js';
import { type Limits, withinGrace } from './grace.js';
import { type OpenedDirectory, openDirectory } from './open-directory.js';
import { openRun } from './open-run.js';
import { openTrust, watchTrust } from './open-trust.js';
import { type Plan, continuedPlan, newPlan, resumedPlan, withPreset } from './plan.js';
import { report, reportGivenUp } from './report.js';
import { RunLog } from './run-log.js';
import { RunSession } from './run-session.js';

type Flags = Readonly<Record<string, unknown>>;

/** Flags that are not keys of the config file. */
interface StartFlags extends Flags {
  config?: string;
  out?: string;
  resume?: string;
  acceptChanges?: true;
  takeOver?: true;
  continue?: true;
}

export async function startCommand(flags: StartFlags): Promise<ExitCode> {
  const { acceptChanges, takeOver } = flags;
  const begun = performance.now();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const asked = planOf(flags);
  using trust = openTrust(asked.settings);
  let chosen = await chosenFor(asked);
  const preset = presetOn(chosen, asked);
  const plan = { ...(preset === undefined ? asked : withPreset(asked, preset)), engine: chosen.engine };
  assertThreads(plan.engine.name, plan.settings.threads);
  if (chosen.fallback !== undefined) say(await explainFallback(chosen.fallback));
  await using opened = await openDirectory(plan, flags.out, {
    takeOver: takeOver === true,
    waiting: (text) => void process.stderr.write(`${text}\n`),
  });
  const { directory, stored } = opened;
  const log = new RunLog(directory.id, plan.settings.logLevel);
  watchTrust(trust, log);
  const run = openRun(plan, opened, acceptChanges === true, log);
  if (preset !== undefined && !run.resumed)
    say(`preset         ${preset}: ${describePreset(preset)} where nothing else is said; --preset full for the whole`);
  // What its store knew of a run that is continued.
  if (run.engine.name !== chosen.engine.name) chosen = await chosenFor({ ...plan, engine: run.engine, mode: 'resume' });
  await using session = new RunSession(run, log, say, trust);
  using signals = stopOnSignals();
  const { stop } = signals;
  const { grace, stay } = run.settings;
  // Whoever declares a run for good starts the next coordinator in a moment.
  const handsOver = plan.mode === 'continue' && run.settings.placement === 'external';
  const limits = { stop, graceMs: grace * 1000, lost: stored.lease.lost };
  if (run.step >= run.training.steps) return await showFinished(session, run, opened, limits, say);
  const outcome = await withinGrace(session.train(placementOf(plan, chosen), stop, handsOver), limits).catch(
    async (error: unknown) => {
      // Another coordinator's run is not ours to show.
      if (error instanceof LeaseLostError) session.abandon();
      // The first error is the one to tell.
      else await settled(opened, limits, say, true).catch(() => {});
      throw error;
    },
  );
  if (outcome === 'given-up') {
    reportGivenUp(
      run,
      session.giveUp(`${String(stop.reason)}, and ${grace} s later the step was given up`),
      grace,
      say,
    );
    return (await settled(opened, limits, say)) ? EXIT_CODES.stopped : 1;
  }
  // A coordinator of external workers may lack the engine; `coordinator export` does it where there is any.
  const engine = outcome.ended === 'stopped' ? undefined : await findEngineOf(run.engine.name);
  if (engine !== undefined) await exportLastAndBest(run, engine, outcome.step);
  const whole = await settled(opened, limits, say);
  report(run, outcome, engine !== undefined, (performance.now() - begun) / 1000, say);
  if (stay && outcome.ended !== 'stopped') await toldToEnd(limits, say);
  return whole ? EXIT_CODES[outcome.ended] : 1;
}

/** @throws UsageError for flags that are possible alone and not together, and all that is wrong with their values */
function planOf(flags: StartFlags): Plan {
  const { config, out, resume, continue: goOn, acceptChanges, takeOver, ...given } = flags;
  const asked = { ...(config === undefined ? {} : readConfigFile(config)), ...given };
  if (takeOver === true && resume === undefined && goOn === undefined) {
    throw new UsageError('--take-over takes a run from another coordinator: name the run with --resume DIR');
  }
  if (resume !== undefined && out !== undefined)
    throw new UsageError('--resume goes on in its own directory: leave --out away');
  if (goOn === true && (out === undefined || resume !== undefined)) {
    throw new UsageError(
      '--continue starts the run of --out DIR, or goes on with it if it is there already: name it by --out, and leave --resume away',
    );
  }
  if (resume !== undefined) return resumedPlan(resume, asked, acceptChanges === true);
  return goOn === true ? continuedPlan(out ?? '', asked) : newPlan(asked);
}

/** A run that had come to its last step before: whoever declares it for good (--continue) sees it. */
async function showFinished(
  session: RunSession,
  { directory, training, settings }: Run,
  opened: OpenedDirectory,
  limits: Limits,
  say: (line: string) => void,
): Promise<ExitCode> {
  say(`run directory  ${directory.path}`);
  say(`done: the run had come to its last step, ${training.steps}; give a larger --steps to go on`);
  await session.show(limits.stop);
  const whole = await settled(opened, limits, say);
  if (settings.stay) await toldToEnd(limits, say);
  return whole ? 0 : 1;
}

/** A run that a rule ended has not done what it was asked. */
const EXIT_CODES: Readonly<Record<Outcome['ended'], ExitCode>> = { finished: 0, collapsed: 1, stopped: 130 };

async function exportLastAndBest({ directory }: Run, engine: Engine, last: number): Promise<void> {
  await exportGenerators(directory, { engine, say: () => {} });
  const best = readBest(directory);
  const out = directory.file('export', 'best');
  directory.assertWritable();
  // Of a run that was resumed: another checkpoint may have been the best then.
  rmSync(out, { recursive: true, force: true });
  if (best === undefined || best.step === last) return;
  await exportGenerators(directory, { engine, say: () => {}, step: 'best', out });
}

/** @throws UsageError, EngineError */
async function chosenFor({ settings, engine, mode }: Plan): Promise<Chosen> {
  if (settings.placement === 'external') return withoutPreparing(engine);
  return mode === 'resume' && engine.name !== 'auto'
    ? await sameEngine({ ...engine, name: engine.name })
    : await chooseEngine(engine);
}

/** On wasm a new run is a small one, unless it was said how large. */
function presetOn({ engine }: Chosen, { mode, given }: Plan): PresetName | undefined {
  return engine.name === 'wasm' && mode !== 'resume' && !('preset' in given) ? 'small' : undefined;
}

function placementOf({ settings }: Plan, { cards, prepared }: Chosen): Placement {
  if (settings.placement === 'external') return externalPlacement();
  const { allowChaos, logLevel = 'info' } = settings;
  return localPlacement({ cards, libraryPath: prepared?.libraryPath ?? [], allowChaos, logLevel });
}

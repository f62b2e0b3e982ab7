/** What a start was asked: a new run, or one that is there already. */
import type { EngineChoice } from '../../../common/engine-choice.js';
import { UsageError } from '../../../common/errors.js';
import { type TrainingConfig, trainingConfigSchema } from '../../../gan/config.js';
import type { PresetName } from '../../../gan/presets.js';
import type { Asked } from '../../engines/choose.js';
import { type RunOptions, compileOptions, kebab } from '../../run/config/options.js';
import { type RunRecord, readRecord } from '../../run/config/record.js';
import { RunDirectory, readSecret } from '../../run/directory.js';

export type Given = Readonly<Record<string, unknown>>;

/** What was asked; `directory` holds a run already where one is resumed. */
export interface Plan extends RunOptions {
  engine: Asked;
  given: Given;
  directory?: RunDirectory;
  /** continue: resume, if the run is there already, in the directory or in its store. */
  mode: 'new' | 'resume' | 'continue';
}

export function newPlan(given: Given): Plan {
  const options = compileOptions(given);
  // Before there is a directory that would be left behind.
  if (options.settings.tokenFile !== undefined) readSecret(options.settings.tokenFile);
  const { engine: name, device } = options.settings;
  return { ...options, engine: { name, device }, given, mode: 'new' };
}

/** What decides the result stays as it was; only the number of steps may grow, and what belongs to the running change. */
export function resumedPlan(path: string, given: Given, accept: boolean): Plan {
  const directory = RunDirectory.open(path);
  const fixed = Object.keys(given).find(
    (key) => key !== 'steps' && (key in trainingConfigSchema.shape || key === 'workers'),
  );
  if (fixed !== undefined) {
    throw new UsageError(`--${kebab(fixed)} cannot change when a run is resumed: leave it away, or start another run`);
  }
  return { ...resumedOptions(readRecord(directory), given, accept), given, directory, mode: 'resume' };
}

/** As one who starts the run, and as one who goes on with it: which of both, the directory or its store knows. */
export function continuedPlan(path: string, given: Given): Plan {
  const directory = RunDirectory.openOrCreate(path);
  return { ...newPlan(given), directory, mode: 'continue' };
}

/** As if this preset had been given. */
export function withPreset(plan: Plan, preset: PresetName): Plan {
  return { ...plan, ...compileOptions({ ...plan.given, preset }) };
}

/** Of a run that is there. @throws UsageError when another engine is asked for, and that is not accepted */
export function resumedOptions(
  record: RunRecord,
  given: Given,
  accept: boolean,
): RunOptions & { engine: EngineChoice } {
  const { engine: _engine, device: _device, ...stored } = record.settings;
  const { settings, training } = compileOptions({ ...record.training, ...stored, ...given });
  const { name, device } = record.engine;
  const asked = given['engine'] === undefined || settings.engine === 'auto' ? name : settings.engine;
  if (asked !== name && !accept) {
    throw new UsageError(
      `--engine ${asked} is not what this run was trained with (${name}): the result would have other bits; leave it away, or add --accept-changes`,
    );
  }
  return {
    settings,
    training,
    engine: { name: asked, device: given['device'] === undefined ? device : settings.device },
  };
}

/** @throws UsageError when what is given asks for another result than the run's, whatever spelling it has */
export function assertSame(given: Given, { training: asked }: RunOptions, { training: was }: RunRecord): void {
  for (const key of Object.keys(asked) as (keyof TrainingConfig)[]) {
    const isGiven = key in given || (key === 'generators' && 'workers' in given);
    if (key === 'steps' || !isGiven || JSON.stringify(asked[key]) === JSON.stringify(was[key])) continue;
    throw new UsageError(
      `--${kebab(key)} ${JSON.stringify(asked[key])} is not what the run has (${JSON.stringify(was[key])}): put it back, or start another run with another --out`,
    );
  }
}

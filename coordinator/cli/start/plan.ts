/** From what was asked to a run that can be trained: a new directory, or an old one at its newest good checkpoint. */
import { availableParallelism } from 'node:os';
import { UsageError } from '../../../common/errors.js';
import type { EngineChoice } from '../../../common/engine-choice.js';
import { countParameters } from '../../../gan/network/architecture.js';
import { type TrainingConfig, trainingConfigSchema } from '../../../gan/config.js';
import { architectureOf } from '../../../gan/network/role-architecture.js';
import { threadsOf } from '../../placement/threads.js';
import { RunDirectory } from '../../run/directory.js';
import { RunIdentity } from '../../run/identity.js';
import { Journal, type JournalReader } from '../../run/journal.js';
import { type Lease, type LeaseOptions, acquireLease } from '../../run/lease.js';
import { removeLeftovers } from '../../run/leftovers.js';
import { type RunOptions, compileOptions, kebab } from '../../run/options.js';
import { bestOf, writeBest } from '../../run/quality.js';
import { type RunRecord, newRecord, readRecord, writeRecord } from '../../run/record.js';
import { newestGoodCheckpoint } from '../../run/resume.js';
import { rolesOf } from '../../training/roles.js';
import type { Run } from '../../training/run.js';

type Given = Readonly<Record<string, unknown>>;

export interface Plan extends RunOptions {
  engine: EngineChoice;
  resumed?: { directory: RunDirectory; record: RunRecord };
}

export function newPlan(given: Given): Plan {
  const options = compileOptions(given);
  return { ...options, engine: { name: options.settings.engine, device: options.settings.device } };
}

/** What decides the result stays as it was; only the number of steps may grow, and what belongs to the running change. */
export function resumedPlan(path: string, given: Given): Plan {
  const directory = RunDirectory.open(path);
  const record = readRecord(directory);
  const fixed = Object.keys(given).find(
    (key) => key !== 'steps' && (key in trainingConfigSchema.shape || key === 'workers'),
  );
  if (fixed !== undefined) {
    throw new UsageError(`--${kebab(fixed)} cannot change when a run is resumed: leave it away, or start another run`);
  }
  const { engine: _engine, device: _device, ...settings } = record.settings;
  const options = compileOptions({ ...record.training, ...settings, ...given });
  return { ...options, engine: record.engine, resumed: { directory, record } };
}

/**
 * Makes the run's directory, or opens it, and takes its lease: nothing else of a run is written without it.
 *
 * @throws UsageError when a coordinator is at work on the run
 */
export async function leaseDirectory(plan: Plan, out: string | undefined, options: LeaseOptions): Promise<Leased> {
  const { training, resumed } = plan;
  const directory = resumed?.directory ?? RunDirectory.create(out ?? defaultFolder(training.system, training.data));
  try {
    const lease = await acquireLease(directory.path, options);
    directory.guardWith(() => lease.assertHeld());
    return { directory, lease };
  } catch (error) {
    if (resumed === undefined) directory.discard();
    throw error;
  }
}

export interface Leased {
  directory: RunDirectory;
  lease: Lease;
}

/** What is in the directory from then on is a run. @param reader hears of every event, also of those on the way there */
export function openRun(asked: Plan, directory: RunDirectory, accept: boolean, reader: JournalReader): Run {
  // Until the lease was ours another coordinator may have written to it.
  const resumed = asked.resumed && { directory, record: readRecord(directory) };
  const plan: Plan = { ...asked, ...(resumed === undefined ? {} : { resumed }) };
  const { training, settings, engine } = plan;
  const roles = rolesOf(training.generators);
  const threads = threadsByRole(plan, roles, accept);
  let record: RunRecord = {
    ...(resumed?.record ?? newRecord(directory, { training, settings, engine, threads })),
    training,
    settings: { ...settings },
    threads,
  };
  const change = (found: Partial<RunRecord>) => {
    record = { ...record, ...found };
    writeRecord(directory, record);
  };
  const journal = new Journal(directory);
  journal.addReader(reader);
  if (resumed !== undefined) removeLeftovers(directory);
  const step = resumed === undefined ? 0 : newestGoodCheckpoint(directory, journal, roles);
  if (step >= training.steps) {
    throw new UsageError(
      `${directory.path} has come to step ${step} of ${training.steps} already: give a larger --steps to go on`,
    );
  }
  journal.rewind(step);
  writeBest(directory, bestOf(journal.readQuality()));
  change({});
  return {
    directory,
    journal,
    training,
    settings,
    engine,
    threads,
    step,
    resumed: resumed !== undefined,
    token: directory.token(),
    get sampleShape() {
      return record.sampleShape;
    },
    nextEpoch() {
      change({ epoch: record.epoch + 1 });
      return record.epoch;
    },
    describeData(sampleShape) {
      // It is told in every epoch, and a change is a write to the disk.
      if (JSON.stringify(sampleShape) === JSON.stringify(record.sampleShape)) return;
      change({ sampleShape, parameters: parametersByRole(training, sampleShape) });
    },
    get rollbacks() {
      return record.rollbacks;
    },
    recordRollback: (rollback) => change({ rollbacks: [...record.rollbacks, rollback] }),
    identity: new RunIdentity(record.identity, accept, (identity) => change({ identity })),
  };
}

function parametersByRole(training: TrainingConfig, sampleShape: readonly number[]) {
  const count = (role: string) => countParameters(architectureOf(role, training, sampleShape));
  return { discriminator: count('discriminator'), generator: count('generator-1') };
}

/** @throws UsageError when a resumed run would compute with other threads, which give other bits */
function threadsByRole(
  { training, settings, resumed }: Plan,
  roles: readonly string[],
  accept: boolean,
): Record<string, number> {
  const cores = availableParallelism();
  const asked = Object.fromEntries(
    roles.map((role) => [role, settings.threads ?? threadsOf(role, cores, training.generators)]),
  );
  if (resumed === undefined || (accept && settings.threads !== undefined)) return asked;
  const { threads } = resumed.record;
  if (settings.threads !== undefined && JSON.stringify(asked) !== JSON.stringify(threads)) {
    throw new UsageError(
      `--threads ${settings.threads} is not what this run was trained with (${Object.values(threads).join(', ')}): the result would have other bits; leave it away, or add --accept-changes`,
    );
  }
  return threads;
}

/** runs/2026-11-24T13-22-38-pggan-mnist */
function defaultFolder(system: string, data: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const name = data.split('/').filter(Boolean).at(-1) ?? data;
  return `runs/${time}-${system}-${name.replaceAll(/[^\w.-]/g, '_')}`;
}

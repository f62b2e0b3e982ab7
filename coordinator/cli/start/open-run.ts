/** From a directory to a run that can be trained: a new one, or one at its newest good checkpoint. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { EngineChoice } from '../../../common/engine-choice.js';
import { UsageError } from '../../../common/errors.js';
import type { TrainingConfig } from '../../../gan/config.js';
import { countParameters } from '../../../gan/network/architecture.js';
import { architectureOf } from '../../../gan/network/role-architecture.js';
import { assertThreads } from '../../engines/choose.js';
import { threadsOf } from '../../placement/threads.js';
import { newestGoodCheckpoint } from '../../run/checkpoints/resume.js';
import { RunIdentity } from '../../run/config/identity.js';
import type { RunOptions } from '../../run/config/options.js';
import { type RunRecord, newRecord, readRecord, writeRecord } from '../../run/config/record.js';
import { Journal, type JournalReader } from '../../run/journal/journal.js';
import { bestOf, writeBest } from '../../run/journal/quality.js';
import { removeLeftovers } from '../../run/leftovers.js';
import { rolesOf } from '../../training/crew/roles.js';
import type { Run } from '../../training/run.js';
import type { OpenedDirectory } from './open-directory.js';
import { type Plan, assertSame, resumedOptions } from './plan.js';

/** What is in the directory from then on is a run. @param asked with its engine chosen @param reader hears of every event, also of those on the way there */
export function openRun(
  asked: Plan & { engine: EngineChoice },
  { directory, stored }: OpenedDirectory,
  accept: boolean,
  reader: JournalReader,
): Run {
  // Until the lease was ours another coordinator may have written to it, and it may have come from the store just now.
  const resumed = existsSync(directory.file('config.json')) ? readRecord(directory) : undefined;
  if (resumed !== undefined) assertSame(asked.given, asked, resumed);
  const plan = { ...asked, ...(resumed === undefined ? {} : resumedOptions(resumed, asked.given, accept)) };
  const { training, settings, engine } = plan;
  const roles = rolesOf(training.generators);
  assertThreads(engine.name, settings.threads);
  const threads = threadsByRole(plan, roles, accept, resumed);
  let record: RunRecord = {
    ...(resumed ?? newRecord(directory, { training, settings, engine, threads })),
    training,
    settings: { ...settings },
    engine,
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
  const over = step >= training.steps;
  // Declared for good, as in a cluster, a run is started again when it is over; by a person, hardly on purpose.
  if (over && asked.mode !== 'continue') {
    throw new UsageError(
      `${directory.path} has come to step ${step} of ${training.steps} already: give a larger --steps to go on`,
    );
  }
  if (!over) {
    journal.rewind(step);
    writeBest(directory, bestOf(journal.readQuality()));
    change({});
  }
  return {
    directory,
    journal,
    training,
    settings,
    engine,
    threads,
    step,
    resumed: resumed !== undefined,
    token: directory.token(settings.tokenFile),
    lag: () => stored.lag,
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
  { training, settings, engine }: RunOptions & { engine: EngineChoice },
  roles: readonly string[],
  accept: boolean,
  resumed: RunRecord | undefined,
): Record<string, number> {
  const cores = availableParallelism();
  const asked = Object.fromEntries(
    roles.map((role) => [
      role,
      settings.threads ?? (engine.name === 'wasm' ? 1 : threadsOf(role, cores, training.generators)),
    ]),
  );
  const changes = settings.threads !== undefined || engine.name !== resumed?.engine.name;
  if (resumed === undefined || (accept && changes)) return asked;
  const { threads } = resumed;
  if (settings.threads !== undefined && JSON.stringify(asked) !== JSON.stringify(threads)) {
    throw new UsageError(
      `--threads ${settings.threads} is not what this run was trained with (${Object.values(threads).join(', ')}): the result would have other bits; leave it away, or add --accept-changes`,
    );
  }
  return threads;
}

/** Runs of a NATS store for those who only read: no lease, also while a run trains. */
import { Kvm, type KV } from '@nats-io/kv';
import { DuetError, UsageError } from '../../../common/errors.js';
import type { RunDirectory } from '../../run/directory.js';
import { type Nats, type NatsOptions, connectNats } from './client/connection.js';
import { isNotFound, usageError } from './client/failures.js';
import { ReadStream } from './log-messages.js';
import { lastSequence, messagesOf } from './log-stream.js';
import { BUCKET, assertId } from './names.js';
import { Objects } from './objects.js';
import { writeOrigin } from './origin.js';
import { Patience } from './client/patience.js';
import { restoreDocuments, restoreFiles } from './restore.js';
import { type RunState, readState } from './state.js';

/** A run that trains may delete what is being read; then it is read anew. */
const TRIES = 5;
const ANSWER_MS = 20_000;

export interface KnownRun {
  id: string;
  state: RunState;
}

export interface NatsRuns extends AsyncDisposable {
  name: string;
  /** By id. */
  list(): Promise<KnownRun[]>;
  /**
   * Writes the run into the directory, as it was at one moment.
   *
   * @param passedOver told of a checkpoint that is damaged
   * @returns the steps of its checkpoints
   * @throws UsageError when there is none of this id
   */
  fetch(id: string, directory: RunDirectory, passedOver: (reason: string) => void): Promise<number[]>;
}

/** @throws UsageError naming what is wrong with the URL, the credentials, the certificates or the server */
export async function openNatsRuns(options: NatsOptions): Promise<NatsRuns> {
  const nats = await connectNats(options);
  const patience = new Patience(nats.name, ANSWER_MS, options.waiting);
  const bucket = await new Kvm(nats.js).open(BUCKET, { allow_direct: false });
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw usageError(nats.name, error);
    }
  };
  return {
    name: nats.name,
    list: () => guarded(() => listRuns(nats, bucket, patience)),
    fetch: (id, directory, passedOver) =>
      guarded(async () => {
        assertId(id);
        for (let attempt = 1; ; attempt += 1) {
          const steps = await fetchOnce(nats, bucket, { id, directory, patience, passedOver });
          if (steps !== undefined) return steps;
          if (attempt === TRIES) {
            throw new DuetError(`the run ${id} of ${nats.name} changes faster than it can be read: try again`);
          }
        }
      }),
    [Symbol.asyncDispose]: () => nats.connection.close(),
  };
}

async function listRuns({ jsm }: Nats, bucket: KV, patience: Patience): Promise<KnownRun[]> {
  const prefix = `$KV.${BUCKET}.`;
  const ids = await patience.until(async () => {
    try {
      const { state } = await jsm.streams.info(`KV_${BUCKET}`, { subjects_filter: `${prefix}>` });
      return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  });
  const runs: KnownRun[] = [];
  for (const id of ids.sort()) {
    const { state } = await patience.until(() => readState(bucket, id));
    if (state?.documents['config.json'] !== undefined) runs.push({ id, state });
  }
  return runs;
}

interface Fetch {
  id: string;
  directory: RunDirectory;
  patience: Patience;
  passedOver: (reason: string) => void;
}

/** @returns undefined when the checkpoints have been deleted while it was read */
async function fetchOnce(
  nats: Nats,
  bucket: KV,
  { id, directory, patience, passedOver }: Fetch,
): Promise<number[] | undefined> {
  const read = () => patience.until(() => readIfThere(bucket, id));
  const state = await read();
  if (state?.documents['config.json'] === undefined) {
    throw new UsageError(`${nats.name} holds no run ${id}: coordinator fetch without --run lists those that it has`);
  }
  // What came after the value was written belongs to the same moment, as long as the value is still the same.
  const last = await patience.until(() => lastSequence(nats, id));
  const until = (await read())?.write === state.write ? last : state.sequence;
  const stream = new ReadStream();
  for await (const message of messagesOf(nats, id, until, patience)) stream.add(message);
  const objects = await Objects.find(nats, id, patience);
  const damaged = new Map<number, string>();
  const steps = await restoreFiles(directory, { state, stream, objects }, (step, reason) => damaged.set(step, reason));
  const now = new Set((await read())?.checkpoints.map(({ folder }) => folder));
  const [newest] = state.checkpoints.slice(-1);
  if (newest !== undefined && !now.has(newest.folder) && damaged.has(newest.step)) return undefined;
  for (const { step, folder } of state.checkpoints) {
    const reason = damaged.get(step);
    if (reason !== undefined && now.has(folder)) passedOver(reason);
  }
  // Never taken for a directory in which the run was driven: what the store has is at least as new.
  writeOrigin(directory, { store: nats.name, run: state.run, term: 0 });
  restoreDocuments(directory, state);
  return steps;
}

async function readIfThere(bucket: KV, id: string): Promise<RunState | undefined> {
  try {
    return (await readState(bucket, id)).state;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

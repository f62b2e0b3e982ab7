/** Runs in NATS JetStream (docs/adr/0022): a stream of what happens, a value of what is, and a bucket of large files. */
import { existsSync } from 'node:fs';
import { type KV, Kvm } from '@nats-io/kv';
import { LeaseLostError, UsageError } from '../../../common/errors.js';
import type { RunDirectory } from '../../run/directory.js';
import { takenOver } from '../owner.js';
import type { LeaseOptions, RunStore, StoredRun } from '../run-store.js';
import { type Nats, type NatsOptions, connectNats } from './client/connection.js';
import { usageError } from './client/failures.js';
import { type Acquired, BEAT_MS, NatsLease, acquireLease, releaseLease } from './lease.js';
import { ReadStream } from './log-messages.js';
import { LogStream, ensureStream, fallingBack, messagesOf } from './log-stream.js';
import { Mirror } from './mirror.js';
import { BUCKET, assertId, subjectOf } from './names.js';
import { NatsRun } from './nats-run.js';
import { Objects } from './objects.js';
import { readOrigin, writeOrigin } from './origin.js';
import { Patience } from './client/patience.js';
import { endLines, pushDirectory } from './push.js';
import { type Stored, restoreDocuments, restoreFiles } from './restore.js';
import { OwnedState, readState } from './state.js';

/** What an answer may take while a run is opened. */
const OPEN_MS = 60_000;
/** Of a message, for headers. */
const HEADER_BYTES = 4096;

/** @throws UsageError naming what is wrong with the URL, the credentials, the certificates or the server */
export async function openNatsStore(options: NatsOptions): Promise<RunStore> {
  const nats = await connectNats(options);
  try {
    const patience = new Patience(nats.name, OPEN_MS, options.waiting);
    const bucket = await patience.until(() => openBucket(nats));
    return {
      name: nats.name,
      async has(id) {
        assertId(id);
        const { state } = await patience.until(() => readState(bucket, id));
        return state?.documents['config.json'] !== undefined;
      },
      open: (directory, lease) => openRun(nats, bucket, directory, lease),
      [Symbol.asyncDispose]: () => nats.connection.close(),
    };
  } catch (error) {
    await nats.connection.close();
    throw usageError(nats.name, error);
  }
}

/** Reads go to the leader: a copy may be behind. */
async function openBucket({ js, replicas }: Nats): Promise<KV> {
  const description = 'Duet: a value a run';
  return await fallingBack(replicas, (count) =>
    new Kvm(js).create(BUCKET, { description, history: 1, replicas: count, allow_direct: false }),
  );
}

async function openRun(nats: Nats, bucket: KV, directory: RunDirectory, options: LeaseOptions): Promise<StoredRun> {
  const { id } = directory;
  assertId(id);
  const patience = new Patience(nats.name, OPEN_MS, options.waiting);
  const acquired = await acquireLease(bucket, id, nats.name, options, patience);
  const lease = new NatsLease(acquired.state.lease.term);
  const lose = () => findOwner(bucket, id, lease, patience);
  const stream = new LogStream(nats, id, { term: lease.term, patience, lose });
  const state = new OwnedState(bucket, id, acquired, { patience, sequence: () => stream.sequence, lose });
  const beat = setInterval(() => void state.update().catch(() => {}), BEAT_MS).unref();
  try {
    await ensureStream(nats, id, patience);
    const objects = await Objects.open(nats, id, patience);
    await stream.begin({ subject: subjectOf(id, 'coordinator'), payload: markerOf(acquired) });
    const read = new ReadStream();
    for await (const message of messagesOf(nats, id, stream.sequence, patience)) read.add(message);
    const mostBytes = (nats.connection.info?.max_payload ?? 1 << 20) - HEADER_BYTES;
    const { pictures } = read;
    const mirror = new Mirror({ id, term: lease.term, directory, stream, state, objects, pictures, mostBytes });
    await bringTogether(nats.name, directory, acquired, { state: state.value, stream: read, objects }, mirror);
    await objects.sweep(mirror.isNamed);
    const end = new AbortController();
    patience.withoutEnd(end.signal);
    const run = new NatsRun(directory, { lease, state, mirror, patience, end });
    directory.guardWith(() => lease.assertHeld());
    directory.observe(run);
    return run;
  } catch (error) {
    await releaseLease(state);
    throw usageError(nats.name, error);
  } finally {
    clearInterval(beat);
  }
}

/** The directory and the store hold the same from then on. */
async function bringTogether(
  storeName: string,
  directory: RunDirectory,
  { state: { run, lease }, previousTerm }: Acquired,
  stored: Stored,
  mirror: Mirror,
): Promise<void> {
  const origin = readOrigin(directory);
  const mine = { store: storeName, run, term: lease.term };
  const isHere = existsSync(directory.file('config.json'));
  const isThere = stored.state.documents['config.json'] !== undefined;
  if (isHere && isThere && origin?.run !== run) {
    throw new UsageError(
      `${storeName} holds another run ${directory.id} than ${directory.path}: choose another --out, or empty that directory to go on with the store's`,
    );
  }
  // Only where nobody has driven the run since it was worked on here does the directory know more than the store.
  if (isThere && !(isHere && origin?.run === run && origin.term >= previousTerm)) {
    const steps = await restoreFiles(directory, stored, (_step, reason) => {
      process.stderr.write(`${reason}: passed over\n`);
    });
    for (const { step } of stored.state.checkpoints) if (!steps.includes(step)) await mirror.removeCheckpoint(step);
    writeOrigin(directory, mine);
    restoreDocuments(directory, stored.state);
  } else {
    // Before anything of it is there: what follows may be interrupted.
    writeOrigin(directory, mine);
    endLines(directory);
    await pushDirectory(directory, mirror, stored);
  }
}

function markerOf({ state: { lease } }: Acquired): string {
  const text = `the coordinator ${lease.host}/${lease.pid} drives the run from here on (term ${lease.term})`;
  return JSON.stringify({ time: lease.since, event: 'coordinator', term: lease.term, text });
}

/** Somebody else has written where only the owner of the lease may. @throws LeaseLostError that says who */
async function findOwner(bucket: KV, id: string, lease: NatsLease, patience: Patience): Promise<never> {
  const { state } = await patience.until(() => readState(bucket, id));
  const error =
    state !== undefined && state.lease.term > lease.term
      ? takenOver(state.lease)
      : new LeaseLostError(
          `the store no longer has what it had confirmed of this run (${state === undefined ? 'it has been deleted there' : 'was it put back from a backup?'}): this coordinator stops; started again with the same --out it brings there what is missing`,
        );
  lease.lose(error);
  throw error;
}

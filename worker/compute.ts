/** The compute thread: takes a role, then computes step after step as the coordinator commits them. */
import { FaultyStepError, StepAbortedError, UsageError, messageOf } from '../common/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../common/safetensors.js';
import { openDataset } from '../gan/data/open.js';
import type { Engine } from '../gan/engine/index.js';
import type { Begin__Output } from '../proto/generated/duet/v1/Begin.js';
import type { Commit__Output } from '../proto/generated/duet/v1/Commit.js';
import type { Vote } from '../proto/generated/duet/v1/Vote.js';
import { type Job, readAssignment } from './assignment.js';
import { discriminatorRole } from './discriminator-role.js';
import { prepareAndLoad } from './engine.js';
import { generatorRole } from './generator-role.js';
import type { Inbox } from './inbox.js';
import { imageBytes } from './samples.js';
import type { Role } from './role.js';

/** Runs until the work is over; `inbox.ending` then says why. @throws what made this worker unable to go on */
export async function compute(inbox: Inbox): Promise<void> {
  try {
    const assigned = await inbox.next('assign');
    if (assigned !== undefined) await work(inbox, readAssignment(assigned.assignment));
  } catch (error) {
    if (error instanceof StepAbortedError) return;
    await fail(inbox, messageOf(error), error instanceof UsageError);
    throw error;
  }
}

/** Tells the coordinator, and waits until it has heard. */
export async function fail(inbox: Inbox, reason: string, usage = false): Promise<void> {
  inbox.send({ kind: 'failure', reason, usage });
  await inbox.next();
}

async function work(inbox: Inbox, job: Job): Promise<void> {
  inbox.send({ kind: 'phase', phase: 'loading the engine' });
  const engine = await prepareAndLoad(job);
  const role = job.generator === 0 ? await readyDiscriminator(inbox, job, engine) : readyGenerator(inbox, job, engine);
  const first = await inbox.next('begin');
  if (first === undefined) return;
  const ready = role(first.begin);
  inbox.send({ kind: 'phase', phase: 'training' });
  for (let begin: Begin__Output | null = first.begin; begin !== null;) {
    inbox.send({ kind: 'vote', vote: step(engine, ready, begin) });
    const message = await inbox.next('commit');
    if (message === undefined) return;
    finish(inbox, job, ready, message.commit);
    begin = message.commit.next;
  }
  inbox.send({ kind: 'phase', phase: 'finished' });
  await inbox.next();
}

type MakeRole = (begin: Begin__Output) => Role;

async function readyDiscriminator(inbox: Inbox, job: Job, engine: Engine): Promise<MakeRole> {
  inbox.send({ kind: 'phase', phase: 'opening the data' });
  const { config, epoch, step } = job;
  const data = await openDataset(config.data, {
    seed: config.seed,
    imageSize: config.imageSize,
    ...(config.channels === undefined ? {} : { channels: config.channels }),
  });
  const role = discriminatorRole(engine, job, inbox, data);
  restore(inbox, job, role);
  inbox.send({
    kind: 'ready',
    ready: { ...readiness(job, engine), sampleShape: [...data.shape], dataSha256: data.sha256 },
    exchange: {
      epoch,
      step: step + 1,
      generators: config.generators,
      shape: [config.discriminatorSteps * config.batch, ...data.shape],
      gradientShape: [config.batch, ...data.shape],
    },
  });
  return () => role;
}

function readyGenerator(inbox: Inbox, job: Job, engine: Engine): MakeRole {
  inbox.send({ kind: 'ready', ready: readiness(job, engine) });
  return (begin) => {
    const role = generatorRole(engine, job, inbox, begin.sampleShape);
    restore(inbox, job, role);
    return role;
  };
}

function readiness(job: Job, { description }: Engine) {
  return {
    epoch: job.epoch,
    engine: `${description.name} ${description.version}`,
    device: description.device,
    threads: description.threads,
  };
}

function restore(inbox: Inbox, job: Job, role: Role): void {
  if (!job.restore) return;
  inbox.send({ kind: 'load', step: job.step, epoch: job.epoch });
  const { arrays, metadata } = decodeSafetensors(inbox.take('state').file);
  role.state.load({ arrays, updates: Number(metadata['updates']) });
}

/** A fault spoils the step, not the process: it becomes a vote that says so. */
function step(engine: Engine, role: Role, { epoch, step: number }: Begin__Output): Vote {
  try {
    const vote = role.step(epoch, number);
    return { ...vote, tensors: engine.tf.memory().numTensors };
  } catch (error) {
    role.state.rollback();
    if (!(error instanceof FaultyStepError)) throw error;
    return { epoch, step: number, fault: error.message };
  }
}

/** What a commit brings: the staged update counts, and perhaps a checkpoint or samples are due. */
function finish(inbox: Inbox, job: Job, role: Role, commit: Commit__Output): void {
  role.state.commit();
  const { epoch, step: number } = commit;
  if (commit.checkpoint) {
    const { arrays, updates } = role.state.save();
    const metadata = { role: job.role, step: String(number), updates: String(updates) };
    inbox.send({ kind: 'save', epoch, step: number, file: encodeSafetensors({ arrays, metadata }) });
  }
  if (commit.sample && role.samples) {
    const { data, shape } = role.samples();
    const image = shape.length === 4;
    const bytes = image ? imageBytes(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    inbox.send({ kind: 'samples', step: number, shape, dtype: image ? 'uint8' : 'float32', data: bytes });
  }
}

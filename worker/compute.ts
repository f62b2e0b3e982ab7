/** The compute thread: takes a role, then computes step after step as the coordinator commits them. */
import { FaultyStepError, StepAbortedError, UsageError, messageOf } from '../common/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../common/safetensors.js';
import { openDataset } from '../gan/data/open.js';
import type { Engine } from '../gan/engine/index.js';
import type { Begin__Output } from '../proto/generated/duet/v1/Begin.js';
import type { Commit__Output } from '../proto/generated/duet/v1/Commit.js';
import type { Ready } from '../proto/generated/duet/v1/Ready.js';
import type { Vote } from '../proto/generated/duet/v1/Vote.js';
import { type Job, readAssignment } from './assignment.js';
import { discriminatorRole } from './discriminator-role.js';
import { prepareAndLoad } from './engine.js';
import { generatorRole } from './generator-role.js';
import type { Inbox } from './inbox.js';
import type { ExchangeOffer } from './messages.js';
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
  const part = job.generator === 0 ? await discriminatorPart(inbox, job, engine) : generatorPart(inbox, job, engine);
  inbox.send({
    kind: 'ready',
    ready: part.ready(job.epoch),
    ...(part.exchange === undefined ? {} : { exchange: part.exchange }),
  });
  const first = await inbox.next('begin');
  if (first === undefined) return;
  const role = part.role(first.begin);
  inbox.send({ kind: 'phase', phase: 'training' });
  for (let begin = first.begin; ;) {
    inbox.send({ kind: 'vote', vote: step(engine, role, begin) });
    const message = await inbox.next('commit');
    if (message === undefined) return;
    finish(inbox, job, role, message.commit);
    const next = message.commit.next ?? (await pause(inbox, role, part));
    if (next === undefined) return;
    begin = next;
  }
}

/** What a role's worker is once it is ready. */
interface Part {
  ready(epoch: number): Ready;
  exchange?: ExchangeOffer;
  role(begin: Begin__Output): Role;
}

async function discriminatorPart(inbox: Inbox, job: Job, engine: Engine): Promise<Part> {
  inbox.send({ kind: 'phase', phase: 'opening the data' });
  const { config, epoch, step } = job;
  const data = await openDataset(config.data, {
    seed: config.seed,
    imageSize: config.imageSize,
    ...(config.channels === undefined ? {} : { channels: config.channels }),
  });
  const role = discriminatorRole(engine, job, inbox, data);
  if (job.restore) restore(inbox, role, epoch, step);
  return {
    ready: (now) => ({ ...readiness(now, engine), sampleShape: [...data.shape], dataSha256: data.sha256 }),
    exchange: {
      epoch,
      step: step + 1,
      generators: config.generators,
      shape: [config.discriminatorSteps * config.batch, ...data.shape],
      gradientShape: [config.batch, ...data.shape],
    },
    role: () => role,
  };
}

function generatorPart(inbox: Inbox, job: Job, engine: Engine): Part {
  return {
    ready: (epoch) => readiness(epoch, engine),
    role(begin) {
      const role = generatorRole(engine, job, inbox, begin.sampleShape);
      if (job.restore) restore(inbox, role, job.epoch, job.step);
      return role;
    },
  };
}

function readiness(epoch: number, { description }: Engine): Ready {
  return {
    epoch,
    engine: `${description.name} ${description.version}`,
    device: description.device,
    threads: description.threads,
  };
}

function restore(inbox: Inbox, role: Role, epoch: number, step: number): void {
  inbox.send({ kind: 'load', step, epoch });
  const { arrays, metadata } = decodeSafetensors(inbox.take('state').file);
  role.state.load({ arrays, updates: Number(metadata['updates']) });
}

/** No step has begun: the run is over, or it is to go on from an earlier state. @returns undefined when it is over */
async function pause(inbox: Inbox, role: Role, part: Part): Promise<Begin__Output | undefined> {
  inbox.send({ kind: 'phase', phase: 'finished' });
  for (;;) {
    const message = await inbox.next('begin', 'restore');
    if (message === undefined) return undefined;
    if (message.kind === 'begin') {
      inbox.send({ kind: 'phase', phase: 'training' });
      return message.begin;
    }
    const { epoch, step } = message.restore;
    inbox.send({ kind: 'phase', phase: 'going back' });
    restore(inbox, role, epoch, step);
    inbox.send({ kind: 'ready', ready: part.ready(epoch) });
  }
}

/** A fault spoils the step, not the process: it becomes a vote that says so. */
function step(engine: Engine, role: Role, begin: Begin__Output): Vote {
  try {
    const vote = role.step(begin);
    return { ...vote, tensors: engine.tf.memory().numTensors };
  } catch (error) {
    role.state.rollback();
    if (!(error instanceof FaultyStepError)) throw error;
    return { epoch: begin.epoch, step: begin.step, fault: error.message };
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

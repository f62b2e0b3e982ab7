/** A worker's place in a run: the role that it has taken, the role's state, and where it stands. */
import { DuetError, FaultyStepError } from '../common/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../common/tensors/safetensors.js';
import type { Engine } from '../gan/engine/index.js';
import type { Begin__Output } from '../proto/generated/duet/v1/Begin.js';
import type { Commit__Output } from '../proto/generated/duet/v1/Commit.js';
import type { Phase } from '../proto/generated/duet/v1/Phase.js';
import type { Vote } from '../proto/generated/duet/v1/Vote.js';
import type { Job } from './assignment.js';
import type { Equipment } from './equipment.js';
import type { Assignment, ExchangeOffer, ToNetwork } from './messages.js';
import type { Position } from './roles/ahead.js';
import { discriminatorRole } from './roles/discriminator-role.js';
import { generatorRole } from './roles/generator-role.js';
import type { Role, Surroundings } from './roles/role.js';
import { imageBytes } from './roles/samples.js';

export class Seat implements Disposable {
  readonly #job: Job;
  readonly #engine: Engine;
  readonly #around: Surroundings;
  readonly #data: { shape: readonly number[]; sha256: string } | undefined;
  #role: Role | undefined;
  /** Where the state is, or is to be once the role can be made. */
  #at = { epoch: 0, step: 0 };
  /** What may be begun before the commit: the step after the one that was voted for. */
  #next: Position | undefined;
  /** When there was nothing left to do but to wait for the commit, and what came between it and the step that follows. */
  #voted = 0;
  #between: Phase[] = [];

  private constructor(
    job: Job,
    engine: Engine,
    around: Surroundings,
    data?: { shape: readonly number[]; sha256: string },
  ) {
    this.#job = job;
    this.#engine = engine;
    this.#around = around;
    this.#data = data;
  }

  static async take(job: Job, assignment: Assignment, equipment: Equipment, around: Surroundings): Promise<Seat> {
    const { sampleShape, sharesMachine } = assignment;
    const engine = await equipment.engine(job);
    if (job.generator > 0) {
      const seat = new Seat(job, engine, around);
      if (sampleShape.length > 0) seat.#begin(generatorRole(engine, job, sampleShape, around));
      return seat;
    }
    const data = await equipment.data(job);
    // On a card, on a machine of its own, or with one thread the discriminator takes nothing from the generators.
    const { device, threads } = engine.description;
    const byTurns = sharesMachine && device === 'cpu' && threads > 1;
    const seat = new Seat(job, engine, around, { shape: data.shape, sha256: data.sha256 });
    seat.#begin(discriminatorRole(engine, job, data, around, byTurns));
    return seat;
  }

  [Symbol.dispose](): void {
    this.#role?.drop();
    this.#role?.state[Symbol.dispose]();
  }

  /** True when an assignment asks for what this seat is. */
  is(job: Job): boolean {
    return JSON.stringify(job) === JSON.stringify(this.#job);
  }

  /** To the state of that step: held in memory, or else fetched. @throws StepAbortedError */
  goTo(epoch: number, step: number): void {
    const { inbox, board } = this.#around;
    this.#at = { epoch, step };
    this.#between = [];
    // A generator that does not know the samples' shape yet comes here again with its first Begin.
    if (this.#role === undefined) return;
    const { state } = this.#role;
    board.enter('going back');
    this.#role.drop();
    if (!state.recall(step)) {
      if (step === 0) state.reset();
      else {
        inbox.send({ kind: 'load', step, epoch });
        const { file } = inbox.take('state', (message) => message.epoch === epoch && message.step === step);
        state.load(this.#decode(file, step));
      }
      state.hold(step);
    }
    board.enter('between-steps');
  }

  /** "I can begin." */
  ready(): ToNetwork {
    const { name, version, device, threads } = this.#engine.description;
    const ready = { epoch: this.#at.epoch, engine: `${name} ${version}`, device, threads };
    if (this.#data === undefined) return { kind: 'ready', ready };
    const { shape, sha256 } = this.#data;
    return {
      kind: 'ready',
      ready: { ...ready, sampleShape: [...shape], dataSha256: sha256 },
      exchange: this.#offer(shape),
    };
  }

  /** A fault spoils the step, not the process: it becomes a vote that says so. @throws StepAbortedError */
  step(begin: Begin__Output): Vote {
    this.#next = undefined;
    if (this.#role === undefined) {
      this.#begin(generatorRole(this.#engine, this.#job, begin.sampleShape, this.#around));
      this.goTo(this.#at.epoch, this.#at.step);
    }
    const role = this.#role as unknown as Role;
    role.state.release(begin.restorable);
    try {
      const between = this.#between.splice(0);
      const vote = role.step(begin);
      this.#voted = performance.now();
      const { epoch, step, branch } = begin;
      if (step < this.#job.config.steps) this.#next = { epoch, step: step + 1, branch };
      const phases = [...between, ...(vote.phases ?? [])];
      return { ...vote, phases, tensors: this.#engine.tf.memory().numTensors };
    } catch (error) {
      role.drop();
      if (!(error instanceof FaultyStepError)) throw error;
      this.#around.board.enter('between-steps');
      return { epoch: begin.epoch, step: begin.step, fault: error.message };
    }
  }

  /** After a vote: what can be done of the next step before the commit comes. */
  ahead(): void {
    if (this.#next === undefined) return;
    this.#role?.ahead(this.#next);
    this.#next = undefined;
    this.#voted = performance.now();
  }

  /** What a commit brings: the staged update counts, and perhaps a checkpoint or samples are due. */
  finish(commit: Commit__Output): void {
    const role = this.#role;
    if (role === undefined) return;
    const { inbox, board } = this.#around;
    const { epoch, step } = commit;
    const since = performance.now();
    role.state.commit();
    if (commit.checkpoint) {
      role.state.hold(step);
      const { arrays, updates } = role.state.save();
      const metadata = { role: this.#job.role, step: String(step), updates: String(updates) };
      inbox.send({ kind: 'save', epoch, step, file: encodeSafetensors({ arrays, metadata }) });
    }
    if (commit.sample && role.samples) {
      const { data, shape } = role.samples();
      const image = shape.length === 4;
      const bytes = image ? imageBytes(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
      inbox.send({ kind: 'samples', step, shape, dtype: image ? 'uint8' : 'float32', data: bytes });
    }
    this.#between = [
      { name: 'wait-commit', milliseconds: since - this.#voted },
      { name: 'commit', milliseconds: performance.now() - since },
    ];
    if (commit.next !== null) return;
    role.drop();
    board.enter('finished');
  }

  /** The step in progress is called off. */
  drop(): void {
    this.#role?.drop();
    this.#around.board.enter('between-steps');
  }

  #begin(role: Role): void {
    role.state.hold(0);
    this.#role = role;
  }

  #offer(shape: readonly number[]): ExchangeOffer {
    const { batch, discriminatorSteps, generators, exchangeDtype: dtype } = this.#job.config;
    const { epoch, step } = this.#at;
    return {
      epoch,
      step: step + 1,
      generators,
      shape: [discriminatorSteps * batch, ...shape],
      gradientShape: [batch, ...shape],
      dtype,
    };
  }

  #decode(file: Uint8Array, step: number) {
    const { arrays, metadata } = decodeSafetensors(file);
    if (metadata['role'] !== this.#job.role || metadata['step'] !== String(step)) {
      throw new DuetError(
        `the coordinator sent the state of ${metadata['role']} at step ${metadata['step']}, asked for was ${this.#job.role} at step ${step}`,
      );
    }
    return { arrays, updates: Number(metadata['updates']) };
  }
}

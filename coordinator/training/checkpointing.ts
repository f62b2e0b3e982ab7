/** The checkpoint in progress, from the commit that asks for it to its rename; training does not wait for it. */
import { RefusedError } from '../../common/errors.js';
import type { StateHeader__Output } from '../../proto/generated/duet/v1/StateHeader.js';
import { CheckpointWriter, type RoleFile, retainCheckpoints } from '../run/checkpoints/checkpoints.js';
import type { Run } from './run.js';

interface CheckpointingOptions {
  run: Run;
  roles: readonly string[];
  /** Of membership, now. */
  epoch(): number;
  /** Steps whose checkpoints stay, however old. */
  needed(): readonly number[];
  /** After a checkpoint exists. */
  written(step: number): void;
  /** After that, or a failure. */
  settled(): void;
}

export class Checkpointing {
  readonly #options: CheckpointingOptions;
  readonly #run: Run;
  #writer: CheckpointWriter | undefined;
  /** When the newest one was asked for, or the steps since a checkpoint began: performance.now(). */
  since = performance.now();
  /** Step of the newest checkpoint that exists, and that the workers may go back to; 0 before the first. */
  newest: number;
  #failure: Error | undefined;

  constructor(options: CheckpointingOptions) {
    this.#options = options;
    this.#run = options.run;
    this.newest = options.run.step;
  }

  /** While one is being written, the next is left out rather than queued. */
  get busy(): boolean {
    return this.#writer !== undefined;
  }

  /** The state of every role at `step` is on its way. */
  begin(step: number): void {
    this.#writer = new CheckpointWriter(this.#run.directory, step, this.#options.roles);
    this.since = performance.now();
  }

  /** @throws RefusedError when this state is not asked for */
  open({ role, step, epoch, bytes }: StateHeader__Output): RoleFile {
    if (epoch !== this.#options.epoch()) {
      throw new RefusedError(
        'FAILED_PRECONDITION',
        `a state of epoch ${epoch}, the run is in epoch ${this.#options.epoch()}: no checkpoint of step ${step} is being written`,
      );
    }
    if (this.#writer?.step !== step) {
      throw new RefusedError('FAILED_PRECONDITION', `no checkpoint of step ${step} is being written`);
    }
    return this.#writer.receive(role, bytes);
  }

  /** A role's file is whole; the last one makes the checkpoint exist. */
  saved(): void {
    const writer = this.#writer;
    if (!writer?.isComplete()) return;
    try {
      writer.publish();
      this.newest = writer.step;
      this.retain();
      this.#run.journal.event({
        event: 'checkpoint-written',
        step: writer.step,
        bytes: writer.bytes,
        milliseconds: Math.round(performance.now() - this.since),
      });
      this.#options.written(writer.step);
      this.#finish();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Deletes the old ones that nobody needs. */
  retain(): void {
    retainCheckpoints(this.#run.directory, this.#run.settings, this.#options.needed());
  }

  /** The disk refuses: the run cannot keep its promise of a checkpoint and ends. */
  failed(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#writer?.discard();
    this.#finish();
  }

  #finish(): void {
    this.#writer = undefined;
    this.#options.settled();
  }

  /** @throws what went wrong with a checkpoint */
  assertHealthy(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What is still to come will not: what is half-written goes. */
  abandon(): void {
    this.#writer?.discard();
    this.#writer = undefined;
  }
}

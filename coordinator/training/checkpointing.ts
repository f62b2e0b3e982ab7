/** The checkpoint in progress, from the commit that asks for it to its rename; training does not wait for it. */
import { RefusedError } from '../../common/errors.js';
import type { StateHeader__Output } from '../../proto/generated/duet/v1/StateHeader.js';
import { CheckpointWriter, type RoleFile, retainCheckpoints } from '../run/checkpoints.js';
import type { Run } from './run.js';

interface CheckpointingOptions {
  run: Run;
  roles: readonly string[];
  /** Steps whose checkpoints stay, however old. */
  needed(): readonly number[];
  /** After a checkpoint exists. */
  written(step: number): void;
}

export class Checkpointing {
  readonly #options: CheckpointingOptions;
  readonly #run: Run;
  #writer: CheckpointWriter | undefined;
  #since = 0;
  #settled: (() => void) | undefined;
  #failure: Error | undefined;

  constructor(options: CheckpointingOptions) {
    this.#options = options;
    this.#run = options.run;
  }

  /** While one is being written, the next is left out rather than queued. */
  get busy(): boolean {
    return this.#writer !== undefined;
  }

  /** The state of every role at `step` is on its way. */
  begin(step: number): void {
    this.#writer = new CheckpointWriter(this.#run.directory, step, this.#options.roles);
    this.#since = performance.now();
  }

  /** @throws RefusedError when this state is not asked for */
  open({ role, step, bytes }: StateHeader__Output): RoleFile {
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
      this.retain();
      this.#run.journal.event({
        event: 'checkpoint-written',
        step: writer.step,
        bytes: writer.bytes,
        milliseconds: Math.round(performance.now() - this.#since),
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
    this.#settled?.();
  }

  /** @throws what went wrong with a checkpoint */
  assertHealthy(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits until nothing is being written. @throws what went wrong with the last one */
  async settle(): Promise<void> {
    if (this.#writer !== undefined) await new Promise<void>((resolve) => (this.#settled = resolve));
    this.assertHealthy();
  }

  /** Nothing more will come: what is half-written goes. */
  abandon(): void {
    this.#writer?.discard();
    this.#writer = undefined;
  }
}
